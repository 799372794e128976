"""Chooses the sentences that `benchmarks.unheard_set` speaks: known.txt and new.txt in benchmarks/sentences.

Most come from the test files of corpora of commands (HWU64 and SLURP, CC BY 4.0; Snips, CC0), which are never
trained on; numbers, times and spelling, which those hardly hold, are made here. No sentence stands in the training
text. In known.txt every word does, three times or more; in new.txt at least one word of each sentence does not.
The lists are stored, so that other training text does not change what is measured.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import manifests
from stapes.corpus import normalise, read_sentences
from stapes.corpus.numerals import cardinal, ordinal

SENTENCES = Path(__file__).parent / "sentences"
_WORDS = range(3, 11)
_DIGITS = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MONTHS = ("january", "march", "april", "june", "july", "august", "september", "october", "december")


@click.command("unheard_sentences")
@manifests.data_option
@click.option("--texts", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--known", default=300, show_default=True, help="Sentences of known words.")
@click.option("--new", default=100, show_default=True, help="Sentences with new words.")
@click.option("--seed", default=0, show_default=True)
@click.option("--out", default=SENTENCES, type=click.Path(file_okay=False, path_type=Path))
def main(data: Path, texts: Path, known: int, new: int, seed: int, out: Path) -> None:
    """Draw sentences that are not in the training text of --data, from test files of --texts and templates."""
    heard = [*read_sentences(data / "text.txt"), *(u.text for u in manifests.load(data, "train"))]
    counts = Counter(word for sentence in heard for word in sentence.split())
    draw = random.Random(seed)
    candidates = [text for text in _test_sentences(texts, draw) if text not in set(heard)]
    familiar = [text for text in candidates if all(counts[word] >= 3 for word in text.split())]
    strange = [text for text in candidates if any(counts[word] == 0 for word in text.split())]
    made = _made(draw, set(heard), known // 4)
    _write(out / "known.txt", familiar[: known - len(made)] + made)
    _write(out / "new.txt", strange[:new])


def _test_sentences(texts: Path, draw: random.Random) -> list[str]:
    paths = sorted(texts.glob("*/test.jsonl"))
    lines = [line for path in paths for line in path.read_text("utf-8").splitlines()]
    sentences = sorted({normalise(json.loads(line)["text"]) for line in lines})
    draw.shuffle(sentences)
    return [sentence for sentence in sentences if len(sentence.split()) in _WORDS]


def _made(draw: random.Random, heard: set[str], count: int) -> list[str]:
    """``count`` numbers, dates, times and spelled words, one kind after the other."""
    makers: tuple[Callable[[random.Random], str], ...] = (_number, _date, _time, _spelled)
    made: dict[str, None] = {}
    while len(made) < count:
        sentence = makers[len(made) % len(makers)](draw)
        if sentence not in heard:
            made[sentence] = None
    return list(made)


def _number(draw: random.Random) -> str:
    return " ".join(draw.choice(_DIGITS) for _ in range(draw.randint(4, 8)))


def _date(draw: random.Random) -> str:
    year = f"{draw.choice(('nineteen', 'twenty'))} {cardinal(draw.randint(11, 99))}"
    return f"{draw.choice(_MONTHS)} {ordinal(str(draw.randint(1, 28)))} {year}"


def _time(draw: random.Random) -> str:
    command = draw.choice(("set an alarm for", "wake me up at", "remind me at", "book a table for"))
    hour, minute = cardinal(draw.randint(1, 12)), cardinal(5 * draw.randint(2, 11))
    return f"{command} {hour} {minute} {draw.choice('ap')} m"


def _spelled(draw: random.Random) -> str:
    consonants, vowels = "bcdfghjklmnprstvwyz", "aeiou"
    syllables = ("".join(draw.choice(s) for s in (consonants, vowels, consonants)) for _ in range(2))
    return " ".join("".join(syllables))


def _write(path: Path, sentences: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{sentence}\n" for sentence in sentences), encoding="utf-8")


if __name__ == "__main__":
    main()
