"""What a grammar costs, and what it understands: of its own sentences, and of others.

The sentences are recordings of ``dev-synthetic`` that ``grammars/home.yaml`` can say; everything else there and in the
other sets is said to it as well, and should be refused. The even half of the recordings chooses the gate, the odd
half is measured with it.
"""

import itertools
import math
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import manifests
from benchmarks.record import record, repeat, results_option
from stapes import audio
from stapes.corpus import Utterance
from stapes.engine import find_model
from stapes.evaluate import Pair, score
from stapes.grammar import Gate, GatedSearch, Grammar
from stapes.session import Recognizer
from stapes.session.recognizer import HELD_BEAM
from stapes.units import SAMPLE_RATE_HZ

HOME = Path(__file__).parent / "grammars" / "home.yaml"
# The package holds no names: they are those of somebody's home.
LISTS = {
    "name": ["kitchen lamp", "ceiling light", "desk fan", "front door", "tv"],
    "area": ["kitchen", "living room", "bedroom", "office", "garage"],
    "floor": ["first floor", "basement"],
}
OTHERS = ("dev-synthetic", "dev-an4", "test-digits", "test-keywords")
HOME_ASSISTANT = Path(str(resources.files("home_assistant_intents"))) / "data" / "en.json"
GRAMMARS: dict[str, Callable[[], Grammar]] = {
    "home": lambda: Grammar.load(HOME),
    "home-assistant": lambda: Grammar.load(HOME_ASSISTANT, LISTS),
}
SWEEP_NATS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20)


@dataclass(frozen=True)
class Heard:
    """What three searches made of one recording; ``deficit`` is infinite where the grammar has no sentence."""

    said: Utterance
    freely: str
    held: str
    deficit: float
    boosted: str


@click.command("grammar")
@manifests.data_option
@click.option(
    "--limit", type=click.IntRange(2), default=200, show_default=True, help="Recordings of each set."
)
@click.option("--repetitions", type=click.IntRange(1), default=3, show_default=True)
@results_option
def main(data: Path, limit: int, repetitions: int, results: Path) -> None:
    """Compile two grammars, and understand recordings with the smaller one."""
    grammar = Grammar.load(HOME)
    everything = manifests.load(data, "dev-synthetic")
    own = manifests.thin([said for said in everything if grammar.parse(said.text)], limit)
    foreign = {name: _others(grammar, data, name, limit) for name in OTHERS}
    recognizer = Recognizer()
    facts = {
        "home-assistant-intents": metadata.version("home-assistant-intents"),
        "compiling": {name: compiling(load, repetitions) for name, load in GRAMMARS.items()},
        "decoding": decoding(recognizer, own[:10], repetitions),
        **understanding(
            grammar,
            _hear(recognizer, grammar, own),
            {name: _hear(recognizer, grammar, said) for name, said in foreign.items()},
        ),
    }
    record("grammar", facts, repetitions=repetitions, model=find_model(None), folder=results)


def compiling(load: Callable[[], Grammar], repetitions: int) -> dict[str, Any]:
    """Time, memory and size of a grammar."""
    tracemalloc.start()
    grammar = load()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "seconds": repeat(lambda: _seconds(load), repetitions),
        "peak_bytes": peak,
        "nodes": len(grammar.graph.kinds),
        "arcs": len(grammar.graph.symbols),
        "graph_bytes": grammar.graph.size_bytes,
    }


def decoding(recognizer: Recognizer, utterances: Sequence[Utterance], repetitions: int) -> dict[str, Any]:
    """Processor seconds for a second of sound: without a grammar, with one for the first time, and later."""
    sounds = [audio.read(said.audio, SAMPLE_RATE_HZ) for said in utterances]
    duration = sum(len(samples) for samples in sounds) / SAMPLE_RATE_HZ

    def freely() -> None:
        for samples in sounds:
            recognizer.transcribe(samples)

    def held() -> None:
        for samples in sounds:
            recognizer.understand(samples, grammar)

    facts: dict[str, Any] = {"without": repeat(lambda: _seconds(freely) / duration, repetitions)}
    for name, load in GRAMMARS.items():
        grammar = load()
        first = _seconds(held) / duration
        facts[name] = {"first": first, "later": repeat(lambda: _seconds(held) / duration, repetitions)}
    return facts


def understanding(
    grammar: Grammar, own: Sequence[Heard], foreign: dict[str, Sequence[Heard]]
) -> dict[str, Any]:
    """Rates at the gate as it is and as it would be chosen here, and what other gates would do."""
    strangers = [heard for several in foreign.values() for heard in several]
    chosen = min(
        _candidates(own[::2], strangers[::2]), key=lambda nats: _cost(nats, own[::2], strangers[::2])
    )
    others = foreign["dev-synthetic"]
    return {
        "own_sentences": len(own),
        "other_sentences": {name: len(several) for name, several in foreign.items()},
        "gate_nats": Gate().nats,
        "at_gate": _rates(Gate().nats, grammar, own, foreign),
        "chosen_nats": chosen,
        "at_chosen_odd_half": _rates(
            chosen, grammar, own[1::2], {name: several[1::2] for name, several in foreign.items()}
        ),
        "sweep": [{"nats": nats, **_errors(nats, own, strangers)} for nats in SWEEP_NATS],
        "right_freely": _share(own, lambda heard: _means(grammar, heard.freely, heard.said.text)),
        "right_boosted": _share(own, lambda heard: _means(grammar, heard.boosted, heard.said.text)),
        "other_sentences_wer": {
            "freely": _wer([(heard.said, heard.freely) for heard in others]),
            "boosted": _wer([(heard.said, heard.boosted) for heard in others]),
        },
    }


def _rates(
    nats: float, grammar: Grammar, own: Sequence[Heard], foreign: dict[str, Sequence[Heard]]
) -> dict[str, Any]:
    accepted = [heard for heard in own if heard.deficit <= nats]
    right = sum(_means(grammar, heard.held, heard.said.text) for heard in accepted)
    return {
        "right": right / len(own),
        "misunderstood": (len(accepted) - right) / len(own),
        "false_rejects": 1 - len(accepted) / len(own),
        "false_accepts": {
            name: _share(several, lambda heard: heard.deficit <= nats) for name, several in foreign.items()
        },
    }


def _candidates(own: Sequence[Heard], strangers: Sequence[Heard]) -> list[float]:
    """Gates half-way between neighbouring deficits, and a closed one."""
    finite = sorted({heard.deficit for heard in [*own, *strangers] if heard.deficit < math.inf})
    return [0.0, *(sum(pair) / 2 for pair in itertools.pairwise(finite) if pair[0] > 0)]


def _errors(nats: float, own: Sequence[Heard], strangers: Sequence[Heard]) -> dict[str, float]:
    return {
        "false_rejects": _share(own, lambda heard: heard.deficit > nats),
        "false_accepts": _share(strangers, lambda heard: heard.deficit <= nats),
    }


def _cost(nats: float, own: Sequence[Heard], strangers: Sequence[Heard]) -> float:
    """Both error rates, a false accept ten times as bad as a false reject."""
    errors = _errors(nats, own, strangers)
    return errors["false_rejects"] + 10 * errors["false_accepts"]


def _others(grammar: Grammar, data: Path, name: str, limit: int) -> list[Utterance]:
    """Recordings of other sentences."""
    said = manifests.load(data, name)
    return manifests.thin([each for each in said if not grammar.parse(each.text)], limit)


def _hear(recognizer: Recognizer, grammar: Grammar, utterances: Sequence[Utterance]) -> list[Heard]:
    network = recognizer.network
    search = GatedSearch(
        recognizer.beam_search(), recognizer.beam_search([grammar.only], HELD_BEAM), grammar, Gate(math.inf)
    )
    boosted = recognizer.beam_search([grammar])
    heard = []
    with click.progressbar(utterances, file=sys.stderr) as progress:
        for said in progress:
            begun, state = network.accept(audio.read(said.audio, SAMPLE_RATE_HZ), network.init_state())
            ended, _ = network.flush(state)
            frames = np.concatenate([begun, ended])
            verdict = search.verdict(search.advance(frames, search.init_state()))
            words = boosted.result(boosted.advance(frames, boosted.init_state())).text
            heard.append(Heard(said, verdict.free.text, verdict.held.text, verdict.deficit, words))
    return heard


def _means(grammar: Grammar, heard: str, said: str) -> bool:
    """Whether ``heard`` means what was ``said``."""
    ours, theirs = grammar.parse(heard), grammar.parse(said)
    if ours is None or theirs is None:
        return False
    return (ours.intent, ours.values) == (theirs.intent, theirs.values)


def _share(several: Sequence[Heard], holds: Callable[[Heard], bool]) -> float:
    return sum(map(holds, several)) / len(several) if several else 0.0


def _wer(pairs: Sequence[tuple[Utterance, str]]) -> float | None:
    return score([Pair(said.id, said.text, heard) for said, heard in pairs]).wer


def _seconds(run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
