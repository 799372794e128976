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
    from stapes.grammar import Grammar
    from stapes.lattice import Lattice
    from stapes.session import Recognizer, Stream, Transcript, Understanding, Word

__all__ = [
    "AudioError",
    "ConfigError",
    "CorpusError",
    "FormatError",
    "Grammar",
    "Lattice",
    "MissingExtraError",
    "Phrases",
    "Recognizer",
    "StapesError",
    "Stream",
    "TrainingError",
    "Transcript",
    "Understanding",
    "Word",
]


def __getattr__(name: str) -> Any:
    # The session loads NumPy and libsndfile, which the help of a command need not wait for.
    if name in ("Recognizer", "Stream", "Transcript", "Understanding", "Word"):
        import stapes.session

        return getattr(stapes.session, name)
    if name == "Phrases":
        import stapes.decode

        return stapes.decode.Phrases
    if name == "Grammar":
        import stapes.grammar

        return stapes.grammar.Grammar
    if name == "Lattice":
        import stapes.lattice

        return stapes.lattice.Lattice
    raise AttributeError(f"module 'stapes' has no attribute '{name}'")
