"""Log-mel filter-bank features, the same for training and for the device; described in ``spec/features.md``."""

from stapes.features.fbank import Fbank, FbankConfig, FbankState

__all__ = ["Fbank", "FbankConfig", "FbankState"]
