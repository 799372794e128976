"""From folders of recordings to the manifests that a recipe trains on and an evaluation reads."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from stapes.corpus import splits
from stapes.corpus.leaks import CLOSED_SETS, Guard, check_leaks, sift
from stapes.corpus.manifest import Utterance, read_manifest, write_manifest
from stapes.corpus.recombine import read_labelled, recombine
from stapes.corpus.sentences import gather_sentences, write_sentences
from stapes.corpus.text import normalise
from stapes.errors import CorpusError

# set, its manifest that is split, how, and the name of the held-out part
_SPLIT_SETS: tuple[tuple[str, str, Callable[[list[Utterance]], splits.Split], str], ...] = (
    ("an4", "an4/train.jsonl", splits.an4, "dev-an4"),
    ("keywords", "keywords/manifest.jsonl", splits.keywords, "test-keywords"),
    ("digits", "digits/manifest.jsonl", splits.digits, "test-digits"),
    ("words", "single-words/manifest.jsonl", splits.words, "test-words"),
)
# set, its manifest that is wholly one part, and the name of that part
_WHOLE_SETS = (
    ("an4", "an4/test.jsonl", "test-an4"),
    ("synthetic", "synthetic-en/train.jsonl", "train"),
    ("synthetic", "synthetic-en/dev.jsonl", "dev-synthetic"),
)
_FOLDERS = ("an4", "keywords", "digits", "single-words", "synthetic-en")


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What ``prepare`` wrote.

    Args:
        manifests: the manifests by name (``train``, ``dev-an4``, …), each with at least one utterance.
        sentences: for a language model, each once.
        left_out: utterances that would have let a held-out sentence or voice into training, by set.
    """

    manifests: dict[str, list[Utterance]]
    sentences: list[str]
    left_out: dict[str, int]


def prepare(
    data: Path,
    out: Path,
    extras: Sequence[tuple[str, Path]] = (),
    recombined: int = 0,
    measured: Sequence[tuple[str, Path]] = (),
) -> Prepared:
    """Write ``out``/train.jsonl, dev-*.jsonl, test-*.jsonl and text.txt for the sets that lie in ``data``.

    Texts are brought to spoken form, every utterance carries its set, and ids begin with it. What the guard
    of ``stapes.corpus.leaks`` refuses is left out of training; sentences of ``data``/text/*/test.jsonl are
    guarded too. The sentences of text.txt are those of training, of ``data``/text/*/train.jsonl and of
    ``data``/text/*.txt, less every guarded one and every one of a held-out set with an open vocabulary.

    Args:
        data: folder with an4/, keywords/, digits/, single-words/ and synthetic-en/; each may be missing.
        out: folder for the manifests, made if needed.
        extras: further training manifests with the set they belong to.
        recombined: how many sentences to add to text.txt that are made of the labelled ones of
            ``data``/text/*/train.jsonl, as ``stapes.corpus.recombine`` makes them.
        measured: further manifests that are measured on, with the set they belong to; they are guarded.

    Raises:
        CorpusError: none of the folders is there, a manifest is wrong, or two utterances have one id.
    """
    manifests = _gather(data)
    for set_name, path in extras:
        manifests.setdefault("train", []).extend(_read(path, set_name))
    if not manifests.get("train"):
        known = ", ".join(_FOLDERS)
        raise CorpusError(
            f"{data}: holds nothing to train on; at least one of the folders {known} is expected"
        )
    _check_ids(manifests["train"])
    held_out = [u for name, part in manifests.items() if name != "train" for u in part]
    held_out += [u for set_name, path in measured for u in _read(path, set_name)]
    guarded = _test_sentences(data)
    left_out = _sift(manifests, Guard(held_out, guarded))
    check_leaks(manifests["train"], held_out, guarded)
    for name, utterances in manifests.items():
        write_manifest(out / f"{name}.jsonl", utterances)
    open_ended = [u.text for u in held_out if u.set not in CLOSED_SETS]
    spoken = [u.text for u in manifests["train"]]
    refused = {normalise(sentence) for sentence in (*guarded, *open_ended)}
    sentences = gather_sentences(data / "text", spoken, refused)
    labelled = [row for path in sorted(data.glob("text/*/train.jsonl")) for row in read_labelled(path)]
    sentences = list(dict.fromkeys([*sentences, *recombine(labelled, recombined, refused)]))
    write_sentences(out / "text.txt", sentences)
    return Prepared(manifests, sentences, left_out)


def _gather(data: Path) -> dict[str, list[Utterance]]:
    manifests: dict[str, list[Utterance]] = {}
    for set_name, path, split, held_out_name in _SPLIT_SETS:
        if (data / path).exists():
            train, held_out = split(read_manifest(data / path))
            manifests.setdefault("train", []).extend(_label(train, set_name))
            manifests.setdefault(held_out_name, []).extend(_label(held_out, set_name))
    for set_name, path, name in _WHOLE_SETS:
        if (data / path).exists():
            manifests.setdefault(name, []).extend(_read(data / path, set_name))
    return {name: utterances for name, utterances in manifests.items() if utterances}


def _read(path: Path, set_name: str) -> list[Utterance]:
    return _label(read_manifest(path), set_name)


def _label(utterances: Sequence[Utterance], set_name: str) -> list[Utterance]:
    return [
        dataclasses.replace(u, id=f"{set_name}-{u.id}", text=normalise(u.text), set=set_name)
        for u in utterances
    ]


def _check_ids(utterances: Sequence[Utterance]) -> None:
    seen: dict[str, Path] = {}
    for utterance in utterances:
        if utterance.id in seen:
            raise CorpusError(
                f"{utterance.id}: names both {seen[utterance.id]} and {utterance.audio}; "
                "ids that are unique in their set are expected"
            )
        seen[utterance.id] = utterance.audio


def _test_sentences(data: Path) -> list[str]:
    paths = sorted(data.glob("text/*/test.jsonl"))
    lines = [line for path in paths for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line)["text"] for line in lines]


def _sift(manifests: dict[str, list[Utterance]], guard: Guard) -> dict[str, int]:
    left_out: dict[str, int] = {}
    for set_name in sorted({u.set for u in manifests["train"] if u.set}):
        sifted = sift([u for u in manifests["train"] if u.set == set_name], guard)
        if sifted.left_out:
            left_out[set_name] = sifted.left_out
    manifests["train"] = sift(manifests["train"], guard).kept
    return left_out
