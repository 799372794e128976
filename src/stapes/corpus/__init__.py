"""Corpora: manifests, text in spoken form, subword units, splits without leaks, and synthesised speech."""

from stapes.corpus.manifest import Utterance, from_cuts, read_manifest, to_cuts, write_manifest
from stapes.corpus.subwords import Subwords
from stapes.corpus.text import normalise

__all__ = ["Subwords", "Utterance", "from_cuts", "normalise", "read_manifest", "to_cuts", "write_manifest"]
