"""What lists of names bring and cost: said names, unsaid names, time, and classes against written-out lists.

`python -m benchmarks.names_set` makes the recordings of said names. Encoder frames are computed once for each
recording; only the search is repeated.
"""

import json
import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import jiwer
import numpy as np
from numpy.typing import NDArray

from benchmarks import manifests
from benchmarks.names_set import holds, slot_values
from benchmarks.record import record, repeat, results_option
from stapes import Phrases, Recognizer
from stapes.audio import AudioReader
from stapes.corpus import Utterance
from stapes.decode.biasing import automaton
from stapes.engine import find_model
from stapes.session import Network

PERSONS = frozenset({"person", "artist", "artist_name"})
PLACES = frozenset({"city", "state", "country", "place_name", "business_name", "restaurant_name", "poi"})
LISTED = 100
MOST_UNSAID = 10_000
CARRIERS = 20
GRID = [(rarity, common) for rarity in (0.7, 0.85, 1.0, 1.15) for common in (4.0, 5.0, 6.0)]


@dataclass(frozen=True)
class Spoken:
    """A recording as the search gets it, its words, and the names in it."""

    utterance: Utterance
    frames: NDArray[np.float32]
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.utterance.text


Lists = Callable[[Spoken], Sequence[Phrases]]


class Bench:
    """A recogniser whose encoder has done its work.

    Args:
        beam: of the search; the usual one if None.
    """

    def __init__(self, beam: int | None) -> None:
        self.recognizer = Recognizer() if beam is None else Recognizer(beam=beam)
        self.network: Network = self.recognizer.network
        self.encoder_seconds = 0.0

    def spoken(self, utterance: Utterance, names: Sequence[str] = ()) -> Spoken:
        """``utterance`` as encoder frames."""
        samples = np.concatenate(list(AudioReader(utterance.audio)))
        begin = time.process_time()
        frames, state = self.network.accept(samples, self.network.init_state())
        rest, _ = self.network.flush(state)
        self.encoder_seconds += time.process_time() - begin
        return Spoken(utterance, np.concatenate([frames, rest]), tuple(names))

    def heard(self, spoken: Sequence[Spoken], lists: Lists) -> tuple[list[str], float]:
        """The words of each recording, and the processor time of the searches."""
        texts = []
        begin = time.process_time()
        for each in spoken:
            search = self.recognizer.beam_search(lists(each))
            texts.append(search.result(search.advance(each.frames, search.init_state())).text)
        return texts, time.process_time() - begin


@click.command("names")
@manifests.data_option
@click.option("--texts", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--beam", type=click.IntRange(1), help="Another beam than usual.")
@click.option("--limit", type=click.IntRange(1), help="Recordings of each set, evenly spread.")
@click.option(
    "--choose", is_flag=True, help="Try other constants on the half of the development set kept for that."
)
@click.option("--seed", default=0, show_default=True)
@results_option
def main(
    data: Path, texts: Path, beam: int | None, limit: int | None, choose: bool, seed: int, results: Path
) -> None:
    """Measure the bundled model with lists of names; --texts is the folder of texts with slots."""
    bench = Bench(beam)
    development = manifests.load(data, "dev-synthetic")
    unsaid = unsaid_names(texts, [utterance.text for utterance in development], seed)
    chosen_on = [u for u in development if _half(u)]
    reported_on = [u for u in development if not _half(u)]
    if choose:
        known = {word for utterance in manifests.load(data, "train") for word in utterance.text.split()}
        facts: dict[str, Any] = {
            "grid": choices(bench, manifests.thin(chosen_on, limit), known, unsaid, seed)
        }
        record("names-choose", facts, seed=seed, model=find_model(None), folder=results)
        return
    said = json.loads((data / "names.json").read_text(encoding="utf-8"))
    names = [bench.spoken(u, [said[u.id]]) for u in manifests.load(data, "names", limit) if u.id in said]
    bench.encoder_seconds = 0.0
    ordinary = [bench.spoken(utterance) for utterance in manifests.thin(reported_on, limit)]
    pool = sorted(set(said.values()))
    facts = {
        "beam": beam,
        "said": terms(bench, names, one_list_each(names, pool, seed)),
        "unsaid": {str(count): harm(bench, ordinary, unsaid[:count]) for count in (1000, MOST_UNSAID)},
        "cost": costs(bench, ordinary, unsaid),
        "classes": classes(bench, names, pool, unsaid, seed),
    }
    record("names", facts, seed=seed, model=find_model(None), folder=results)


def _half(utterance: Utterance) -> bool:
    """Whether constants are chosen on the speaker of ``utterance``."""
    return random.Random(utterance.speaker).random() < 0.5


def unsaid_names(texts: Path, references: Iterable[str], seed: int) -> list[str]:
    """10 000 names of persons and places that no reference holds, in random order.

    Where the texts hold fewer, first names are put before other last names.
    """
    spoken = f" {' | '.join(references)} "
    persons = set(slot_values(texts, PERSONS))
    found = {name for name in persons | set(slot_values(texts, PLACES)) if 4 <= len(name) <= 40}
    pairs = [name.split() for name in sorted(persons) if len(name.split()) == 2]
    draw = random.Random(seed)
    free = sorted(name for name in found if f" {name} " not in spoken)
    made: set[str] = set()
    while len(free) + len(made) < MOST_UNSAID:
        name = f"{draw.choice(pairs)[0]} {draw.choice(pairs)[1]}"
        if name not in found and f" {name} " not in spoken:
            made.add(name)
    names = [*free, *sorted(made)]
    draw.shuffle(names)
    return names[:MOST_UNSAID]


def one_list_each(spoken: Sequence[Spoken], pool: Sequence[str], seed: int) -> dict[str, list[str]]:
    """For each recording 100 names, with those that are said in it."""
    lists = {}
    for each in spoken:
        draw = random.Random(f"{seed}:{each.utterance.id}")
        others = [name for name in pool if name not in each.names and not holds(each.text, name)]
        lists[each.utterance.id] = [
            *each.names,
            *draw.sample(others, min(len(others), LISTED - len(each.names))),
        ]
    return lists


def terms(bench: Bench, spoken: Sequence[Spoken], lists: Mapping[str, list[str]]) -> dict[str, Any]:
    """Errors in the words of names and in the others, without and with a list."""
    without = split_errors(spoken, bench.heard(spoken, lambda each: ())[0], lists)
    heard, _ = bench.heard(spoken, lambda each: [Phrases(lists[each.utterance.id])])
    with_list = split_errors(spoken, heard, lists)
    change = {key: with_list[key] / without[key] - 1 for key in ("names_wer", "others_wer")}
    return {"recordings": len(spoken), "without": without, "with": with_list, "change": change}


def split_errors(
    spoken: Sequence[Spoken], heard: Sequence[str], lists: Mapping[str, list[str]]
) -> dict[str, float]:
    """Word errors of names and of other words; an inserted word counts where its list holds it."""
    errors, words = Counter[bool](), Counter[bool]()
    for each, text in zip(spoken, heard, strict=True):
        reference, hypothesis = each.text.split(), text.split()
        said = {word for name in each.names for word in name.split()}
        listed = {word for name in lists[each.utterance.id] for word in name.split()}
        words.update(word in said for word in reference)
        for chunk in jiwer.process_words(each.text, text).alignments[0]:
            if chunk.type == "insert":
                errors.update(w in listed for w in hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx])
            elif chunk.type != "equal":
                errors.update(w in said for w in reference[chunk.ref_start_idx : chunk.ref_end_idx])
    return {
        "names_wer": errors[True] / max(words[True], 1),
        "others_wer": errors[False] / max(words[False], 1),
        "names_words": words[True],
        "others_words": words[False],
    }


def harm(bench: Bench, spoken: Sequence[Spoken], names: Sequence[str]) -> dict[str, Any]:
    """What names that nobody says do to ordinary recordings.

    A long list holds words that are misheard for others in any case, such as «frank» or «earth»: an insert is false
    where the name is heard neither without the list nor said.
    """
    phrases = Phrases(names)
    without, _ = bench.heard(spoken, lambda each: ())
    heard, _ = bench.heard(spoken, lambda each: [phrases])
    before, after = (jiwer.wer([each.text for each in spoken], texts) for texts in (without, heard))
    inserted = Counter[bool]()
    for each, text, alone in zip(spoken, heard, without, strict=True):
        inserted.update(holds(alone, name) for name in false_names(each.text, text, names))
    return {
        "recordings": len(spoken),
        "wer_without": before,
        "wer_with": after,
        "change": after / before - 1,
        "false_inserts": inserted[False],
        "false_inserts_per_recording": inserted[False] / len(spoken),
        "heard_without_the_list_as_well": inserted[True],
    }


def false_names(reference: str, heard: str, names: Iterable[str]) -> list[str]:
    """The listed names in ``heard`` that ``reference`` does not hold."""
    return [name for name in names if name in heard and holds(heard, name) and not holds(reference, name)]


def costs(bench: Bench, spoken: Sequence[Spoken], names: Sequence[str]) -> dict[str, Any]:
    """Processor time to compile 10 000 phrases, and of recognition without and with them."""
    vocabulary = bench.network.vocabulary

    def compile_seconds() -> float:
        begin = time.process_time()
        Phrases(names).compile(vocabulary)
        return time.process_time() - begin

    phrases = Phrases(names)
    encoder = bench.encoder_seconds
    first = bench.heard(spoken, lambda each: [phrases])[1]
    without = repeat(lambda: bench.heard(spoken, lambda each: ())[1], 3)
    again = repeat(lambda: bench.heard(spoken, lambda each: [phrases])[1], 3)
    return {
        "compile_seconds": repeat(compile_seconds, 5),
        "speech_seconds": sum(each.utterance.duration for each in spoken),
        "encoder_seconds": encoder,
        "search_seconds_without": without,
        "search_seconds_with": again,
        "search_seconds_with_at_first": first,
        "change_of_search": again["median"] / without["median"] - 1,
        "change_of_recognition": (encoder + first) / (encoder + without["median"]) - 1,
    }


def classes(
    bench: Bench, spoken: Sequence[Spoken], pool: Sequence[str], unsaid: Sequence[str], seed: int
) -> dict[str, Any]:
    """Phrases with a class against the list of all their expansions: errors and memory."""
    before = Counter(word for each in spoken if (word := _word_before(each)))
    carriers = [word for word, _ in before.most_common(CARRIERS)]
    chosen = [each for each in spoken if _word_before(each) in carriers]
    lists = one_list_each(chosen, pool, seed)
    templates = [f"{carrier} @name" for carrier in carriers]

    def slots(each: Spoken) -> list[Phrases]:
        return [Phrases(templates, {"name": lists[each.utterance.id]})]

    def flat(each: Spoken) -> list[Phrases]:
        return [Phrases([f"{carrier} {name}" for carrier in carriers for name in lists[each.utterance.id]])]

    errors = {
        name: split_errors(chosen, bench.heard(chosen, made)[0], lists)
        for name, made in {"without": lambda each: (), "classes": slots, "flat": flat}.items()
    }
    some = unsaid[:2000]
    return {
        "recordings": len(chosen),
        "phrases": len(templates),
        "errors": errors,
        "names_in_memory": len(some),
        "bytes": {
            "one phrase": _bytes(lambda: Phrases(templates[:1], {"name": some})),
            "classes": _bytes(lambda: Phrases(templates, {"name": some})),
            "flat": _bytes(lambda: Phrases([f"{carrier} {name}" for carrier in carriers for name in some])),
        },
    }


def _word_before(spoken: Spoken) -> str:
    """The word before the name; none where the name comes first."""
    before = f" {spoken.text} ".partition(f" {spoken.names[0]} ")[0].split()
    return before[-1] if before else ""


def _bytes(make: Callable[[], Phrases]) -> int:
    tracemalloc.start()
    kept = make()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size


def choices(
    bench: Bench, utterances: Sequence[Utterance], known: set[str], unsaid: Sequence[str], seed: int
) -> list[dict[str, Any]]:
    """What each of some pairs of constants brings where new words are said, and spoils where they are not."""
    new = {u.id: [word for word in u.text.split() if word not in known] for u in utterances}
    spoken = [bench.spoken(u, new[u.id]) for u in utterances]
    said, ordinary = [s for s in spoken if s.names], [s for s in spoken if not s.names]
    lists = one_list_each(said, sorted({word for words in new.values() for word in words}), seed)
    tried = []
    for automaton.RARITY, automaton.COMMON in GRID:
        result = terms(bench, said, lists)
        spoiled = harm(bench, ordinary, unsaid)
        constants = {"rarity": automaton.RARITY, "common": automaton.COMMON}
        tried.append(
            {**constants, **result["change"], "unsaid": spoiled["change"], "false": spoiled["false_inserts"]}
        )
        click.echo(json.dumps(tried[-1]))
    return tried


if __name__ == "__main__":
    main()
