"""Every error that stapes raises on purpose.

::

    StapesError
    ├── AudioError         a recording cannot be read, or holds samples that are no sound
    ├── FormatError        a packed model is damaged, hostile or of another version
    ├── ConfigError        a setting, recipe or argument is wrong
    ├── CorpusError        a manifest, transcript or data folder is wrong
    ├── TrainingError      training cannot start, go on, or has diverged
    └── MissingExtraError  an optional dependency is not installed

A message says where, what was given, what is accepted and, where it helps, what to do next, in one sentence.
"""


class StapesError(Exception):
    """Base of all errors below; catch this one to catch them all."""


class AudioError(StapesError):
    """A recording cannot be read, or holds samples that are no sound."""


class FormatError(StapesError):
    """A packed model is damaged, hostile or of another version."""


class ConfigError(StapesError):
    """A setting, recipe or argument is wrong."""


class CorpusError(StapesError):
    """A manifest, transcript or data folder is wrong."""


class TrainingError(StapesError):
    """Training cannot start, go on, or has diverged."""


class MissingExtraError(StapesError):
    """An optional dependency is not installed.

    Args:
        package: the distribution that is missing, for example ``jiwer``.
        extra: the stapes extra that brings it, for example ``evaluate``.
        purpose: what it is needed for, as the beginning of a sentence.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}: pip install 'stapes[{extra}]'")
