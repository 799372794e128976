"""Corpora: manifests, text in spoken form, subword units, splits without leaks, and synthesised speech."""

from stapes.corpus.leaks import check_leaks
from stapes.corpus.manifest import Utterance, from_cuts, read_manifest, to_cuts, write_manifest
from stapes.corpus.readers import import_corpus
from stapes.corpus.sentences import read_sentences
from stapes.corpus.sets import Prepared, prepare
from stapes.corpus.subwords import Subwords
from stapes.corpus.text import normalise

__all__ = [
    "Prepared",
    "Subwords",
    "Utterance",
    "check_leaks",
    "from_cuts",
    "import_corpus",
    "normalise",
    "prepare",
    "read_manifest",
    "read_sentences",
    "to_cuts",
    "write_manifest",
]
