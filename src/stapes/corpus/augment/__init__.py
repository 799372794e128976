"""Augmentation: one clean utterance becomes many recordings, as waveforms and as features."""

from stapes.corpus.augment.augmenter import Augmenter, Babble, Sounds
from stapes.corpus.augment.settings import FILE_CODECS, AugmentConfig, SpecAugmentConfig
from stapes.corpus.augment.spec import spec_augment

__all__ = [
    "FILE_CODECS",
    "AugmentConfig",
    "Augmenter",
    "Babble",
    "Sounds",
    "SpecAugmentConfig",
    "spec_augment",
]
