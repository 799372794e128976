"""Sound in, words out: what an application talks to."""

from stapes.session.recognizer import Expected, Network, Recognizer, Stream
from stapes.session.transcript import Transcript, Word

__all__ = ["Expected", "Network", "Recognizer", "Stream", "Transcript", "Word"]
