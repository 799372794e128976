"""Sentences without sound: what a language model learns from and synthesis speaks."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from stapes.corpus.text import normalise
from stapes.errors import CorpusError

_QUOTED = re.compile(r'"([^"\n]+)"')


def read_sentences(path: Path) -> list[str]:
    """The lines of ``path`` in spoken form, without empty ones.

    Raises:
        CorpusError: the file is missing or no UTF-8 text, or holds no sentence.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise CorpusError(
            f"{path}: cannot be read; a text file with one sentence a line is expected"
        ) from None
    sentences = [sentence for sentence in map(normalise, lines) if sentence]
    if not sentences:
        raise CorpusError(f"{path}: holds no sentence; a text file with one sentence a line is expected")
    return sentences


def dictionary_examples(wordnet: Path) -> list[str]:
    """The usage examples of the dictionary WordNet, each once, in spoken form: short free English about anything.

    Args:
        wordnet: folder with its files data.noun, data.verb, data.adj and data.adv.

    Raises:
        CorpusError: the folder holds none of them.
    """
    files = [path for part in ("noun", "verb", "adj", "adv") if (path := wordnet / f"data.{part}").exists()]
    if not files:
        raise CorpusError(
            f"{wordnet}: holds no data.noun, data.verb, data.adj or data.adv; the folder of WordNet is expected"
        )
    quoted = (example for path in files for example in _QUOTED.findall(path.read_text("utf-8")))
    # A single word shows nothing of how words follow each other.
    return [text for text in dict.fromkeys(map(normalise, quoted)) if " " in text]


def gather_sentences(texts: Path, spoken: Iterable[str], held_out: Iterable[str]) -> list[str]:
    """Each sentence of ``spoken`` and of the folder ``texts`` once, in this order, none of them in ``held_out``.

    Args:
        texts: its files */train.jsonl, with a field ``text``, and *.txt, with a sentence a line; may be missing.
        spoken: sentences in any form.
        held_out: sentences, in any form, that nothing may be trained on.
    """
    sentences = [normalise(sentence) for sentence in spoken]
    for path in sorted(texts.glob("*/train.jsonl")):
        sentences += [normalise(json.loads(line)["text"]) for line in path.read_text("utf-8").splitlines()]
    for path in sorted(texts.glob("*.txt")):
        sentences += read_sentences(path)
    refused = {normalise(sentence) for sentence in held_out} | {""}
    return [sentence for sentence in dict.fromkeys(sentences) if sentence not in refused]


def write_sentences(path: Path, sentences: Iterable[str]) -> None:
    """Write one sentence a line."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(f"{sentence}\n" for sentence in sentences), encoding="utf-8")
    partial.replace(path)
