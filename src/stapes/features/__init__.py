"""What is computed of sound, the same for training and for the device: log-mel features and pitch.

They are described in ``spec/features.md`` and ``spec/endpoints.md``.
"""

from stapes.features.fbank import Fbank, FbankConfig, FbankState
from stapes.features.pitch import WINDOW_SAMPLES, Pitch, find_pitch

__all__ = [
    "WINDOW_SAMPLES",
    "Fbank",
    "FbankConfig",
    "FbankState",
    "Pitch",
    "find_pitch",
]
