"""Sound in, words out: what an application talks to."""

from stapes.session.recognizer import Network, Recognizer, Stream
from stapes.session.transcript import Transcript, Word

__all__ = ["Network", "Recognizer", "Stream", "Transcript", "Word"]
