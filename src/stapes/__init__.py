"""stapes: speech understood on the device.

::

    from stapes import Recognizer

    print(Recognizer().transcribe("command.wav").text)
"""

from typing import TYPE_CHECKING, Any

from stapes.errors import (
    AudioError,
    ConfigError,
    CorpusError,
    FormatError,
    MissingExtraError,
    StapesError,
    TrainingError,
)

if TYPE_CHECKING:
    from stapes.decode import Phrases
    from stapes.session import Recognizer, Stream, Transcript, Word

__all__ = [
    "AudioError",
    "ConfigError",
    "CorpusError",
    "FormatError",
    "MissingExtraError",
    "Phrases",
    "Recognizer",
    "StapesError",
    "Stream",
    "TrainingError",
    "Transcript",
    "Word",
]


def __getattr__(name: str) -> Any:
    # The session loads NumPy and libsndfile, which the help of a command need not wait for.
    if name in ("Recognizer", "Stream", "Transcript", "Word"):
        import stapes.session

        return getattr(stapes.session, name)
    if name == "Phrases":
        import stapes.decode

        return stapes.decode.Phrases
    raise AttributeError(f"module 'stapes' has no attribute '{name}'")
