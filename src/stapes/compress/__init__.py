"""From a trained checkpoint to a packed model; here torch ends."""

from stapes.compress.pack import half_precision, pack

__all__ = ["half_precision", "pack"]
