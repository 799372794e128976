"""The compiled searches find what those in Python find: words, scores, lattices, events."""

import copy
import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stapes import Phrases, Recognizer, engine
from stapes.decode import (
    MOST_LISTS,
    BeamSearch,
    CompiledBeamSearch,
    CompiledGreedySearch,
    GreedySearch,
    InternalLanguageModel,
    LatticeLimits,
    NGram,
)
from stapes.decode.biasing import automaton
from stapes.engine import NativeNetwork, native_module
from stapes.errors import ConfigError
from stapes.lattice import best_path
from stapes.session import Session
from stapes.session.events import to_json
from tests.interrupting import assert_interrupted
from tests.networks import random_integer_model
from tests.session.test_understanding import GRAMMAR

pytestmark = pytest.mark.skipif(native_module() is None, reason="stapes._native is not installed")

RECORDINGS = sorted((Path(__file__).parents[1] / "data" / "an4").glob("*.flac"))
# Sums of the same numbers in the same order; exp and log of two libraries may differ in the last bit.
TOLERANCE = 1e-9
WORDS = [
    "enter",
    "nine",
    "two",
    "eight",
    "four",
    "seven",
    "alpha",
    "bravo",
    "john",
    "smith",
    "zoe",
    "light",
    "kitchen",
    "one",
]


@pytest.fixture(scope="module")
def network():
    return NativeNetwork.load()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return NativeNetwork.load(random_integer_model(tmp_path_factory.mktemp("model")))


def heard(network, sound):
    frames, state = network.accept(sound, network.init_state())
    return np.concatenate([frames, network.flush(state)[0]])


def recording(index):
    return soundfile.read(RECORDINGS[index], dtype="float32")[0]


def phrases(seed):
    """Random phrases with weights and classes, in the digits and letters of the recordings and other words."""
    draw = random.Random(seed)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(1, 3))) for _ in range(60)]
    names = [(text, draw.choice([0.5, 1.0, 3.0])) for text in sorted(set(texts))]
    templates = ["nine @c", ("enter @c now", 1.7), "@c @d", "enter @e", *names[:20]]
    return Phrases(templates, {"c": names[20:40], "d": names[35:], "e": ["two nine eight"]}, {"zo ee": "zoe"})


def expected(network, lists):
    tables = network.language_model
    model = [] if tables is None else [NGram(tables), InternalLanguageModel(network, tables.internal_scale)]
    return [*model, *(each.compile(network.vocabulary) for each in lists)]


def pair(network, beam=24, lists=(), **settings):
    """The search in Python and the compiled one."""
    plain = BeamSearch(network, beam, expected=expected(network, lists), ctc=network.ctc, **settings)
    compiled = [each.compile_native(network.vocabulary) for each in lists]
    return plain, CompiledBeamSearch(network.compiled, beam, compiled, **settings)


def check_hypotheses(plain, compiled):
    assert (compiled.labels, compiled.frames, compiled.stable_labels) == (
        plain.labels,
        plain.frames,
        plain.stable_labels,
    )
    assert compiled.log_prob == pytest.approx(plain.log_prob, rel=TOLERANCE, abs=TOLERANCE)
    for one, other in zip(compiled.words, plain.words, strict=True):
        assert one.confidence == pytest.approx(other.confidence, rel=TOLERANCE, abs=TOLERANCE)
        assert replace(one, confidence=0.0) == replace(other, confidence=0.0)


def check_lattices(plain, compiled):
    assert (compiled.frames, compiled.frame_ms) == (plain.frames, plain.frame_ms)
    for one, other in zip(compiled.arcs, plain.arcs, strict=True):
        assert replace(one, acoustic=0.0, context=0.0) == replace(other, acoustic=0.0, context=0.0)
        assert one.acoustic == pytest.approx(other.acoustic, rel=TOLERANCE, abs=1e-7)
        assert one.context == pytest.approx(other.context, rel=TOLERANCE, abs=1e-7)


def check_states(plain, compiled):
    assert (compiled.frames, compiled.changes) == (plain.frames, plain.changes)
    assert compiled.ending.labels == list(plain.ending.labels)
    assert compiled.ending.frame == plain.ending.frame


def check_alike(searches, frames, report=20):
    """Both searches give the same after every ``report`` frames; the hypothesis at the end."""
    plain, compiled = searches
    one, other = plain.init_state(), compiled.init_state()
    for first in range(0, len(frames), report):
        chunk = frames[first : first + report]
        one, other = plain.advance(chunk, one), compiled.advance(chunk, other)
        check_states(one, other)
        check_hypotheses(plain.result(one), compiled.result(other))
        check_lattices(plain.lattice(one, 40), compiled.lattice(other, 40))
        np.testing.assert_allclose(compiled.certainties(other), plain.certainties(one), atol=1e-9)
        assert compiled.log_blank(chunk[0], other) == pytest.approx(plain.log_blank(chunk[0], one), abs=1e-6)
    return plain.result(one)


@pytest.mark.parametrize("lists", [[], [phrases(0)], [phrases(1), phrases(2), Phrases([])]], ids=len)
def test_words_scores_and_lattices_of_speech(network, lists):
    for index in range(2):
        assert check_alike(pair(network, lists=lists), heard(network, recording(index))).words


@pytest.mark.parametrize("seed", range(4))
def test_phrases_in_noise(network, seed):
    """Noise has no words of its own, so that bonuses decide what is heard."""
    sound = np.random.default_rng(seed).normal(0, 0.1, 24_000).astype(np.float32)
    searches = pair(network, beam=6, lists=[phrases(seed)], score_beam=30.0, histories=seed + 1)
    check_alike(searches, heard(network, sound), report=7)


@pytest.mark.parametrize("seed", range(3))
def test_random_networks(tmp_path, seed):
    network = NativeNetwork.load(random_integer_model(tmp_path, seed=seed))
    sound = np.random.default_rng(seed).normal(0, 0.1, 40_000).astype(np.float32)
    lists = [Phrases(["w1 w2", ("w3 @c", 2.0)], {"c": ["w4", "w5 w6"]}, {"w": "x"})]
    searches = pair(network, 5, lists, score_beam=math.inf, histories=seed + 1)
    check_alike(searches, heard(network, sound), report=9)


def test_bonuses_follow_their_constants(network, monkeypatch):
    frames = heard(network, recording(0))
    for name, value in {"RARITY": 1.3, "COMMON": 2.0, "SIZE": 1.0, "FEW": 3}.items():
        monkeypatch.setattr(automaton, name, value)
        check_alike(pair(network, 4, [phrases(5)]), frames, report=len(frames))


def test_limits_of_lattices(network):
    frames = heard(network, recording(2))
    plain, compiled = pair(network)
    one = plain.advance(frames, plain.init_state())
    other = compiled.advance(frames, compiled.init_state())
    for limits in (LatticeLimits(0.0), LatticeLimits(0.1), LatticeLimits(1.0), LatticeLimits(1e-4, 20)):
        check_lattices(plain.lattice(one, 10, limits), compiled.lattice(other, 10, limits))
    best = best_path(compiled.lattice(other, 40))
    assert " ".join(best.words) == compiled.result(other).text


def test_a_greedy_search(network):
    frames = heard(network, recording(0))
    plain, compiled = GreedySearch(network), CompiledGreedySearch(network.compiled)
    one, other = plain.init_state(), compiled.init_state()
    for chunk in np.split(frames, [0, 1, 30]):
        one, other = plain.advance(chunk, one), compiled.advance(chunk, other)
        check_hypotheses(plain.result(one), compiled.result(other))
        check_lattices(plain.lattice(one, 40), compiled.lattice(other, 40))
    assert other.frames == len(frames)


def test_a_state_is_a_value_whatever_the_chunks(network):
    frames = heard(network, recording(1))
    search = CompiledBeamSearch(network.compiled, 8, [phrases(3).compile_native(network.vocabulary)])
    middle = search.advance(frames[:30], search.init_state())
    before = search.result(middle)
    whole = search.advance(frames[30:], middle)
    branch = search.advance(frames[:30], middle)
    twice = search.advance(np.concatenate([frames[:30], frames[:30]]), search.init_state())
    assert search.result(branch) == search.result(twice)
    assert search.result(middle) == search.result(copy.deepcopy(middle)) == before
    for cuts in ([1], range(1, len(frames)), [7, 7, 40]):
        again = search.init_state()
        for chunk in np.split(frames, cuts):
            again = search.advance(chunk, again)
        assert search.result(again) == search.result(whole)
        assert search.lattice(again, 40) == search.lattice(whole, 40)
    # Another search with the same expectations goes on where this one stood.
    other = CompiledBeamSearch(network.compiled, 8, [phrases(3).compile_native(network.vocabulary)])
    assert other.result(other.advance(frames[30:], middle)) == search.result(whole)


def test_long_speech(network):
    """Long enough for what no history reaches any more to be left out; an early state survives it."""
    frames = np.concatenate([heard(network, recording(index)) for index in range(6)])
    plain, compiled = pair(network, 12)
    early = compiled.advance(frames[:50], compiled.init_state())
    found = compiled.result(early)
    check_alike((plain, compiled), frames, report=100)
    assert compiled.result(early) == found


def test_what_is_refused(network, tiny):
    for settings in ({"beam": 0}, {"beam": 1, "score_beam": math.nan}, {"beam": 1, "histories": 0}):
        with pytest.raises(ConfigError, match=r"search: \w+ is (0|nan); [01] or more is accepted"):
            CompiledBeamSearch(network.compiled, **settings)
    search = CompiledBeamSearch(network.compiled, 4)
    with pytest.raises(ValueError, match="frames of another width than those of the model"):
        search.advance(np.zeros((1, 3), np.float32), search.init_state())
    lists = Phrases(["one"]).compile_native(network.vocabulary)
    with pytest.raises(ValueError, match="lists of another vocabulary"):
        CompiledBeamSearch(tiny.compiled, 4, [lists])
    with pytest.raises(ValueError, match="more than 6 lists"):
        CompiledBeamSearch(network.compiled, 4, [lists] * (MOST_LISTS + 1))


def test_the_recogniser_falls_back_where_more_than_phrases_is_expected(network):
    recognizer = Recognizer(network)
    lists = [Phrases([word]) for word in WORDS[:MOST_LISTS]]
    assert isinstance(recognizer.beam_search(lists), CompiledBeamSearch)
    assert isinstance(recognizer.beam_search([*lists, lists[0]]), BeamSearch)
    assert isinstance(recognizer.beam_search([GRAMMAR.only]), BeamSearch)
    plain = Recognizer(engine.load(None, "integer"))
    assert isinstance(plain.beam_search(lists), BeamSearch)


@pytest.mark.parametrize("beam", [1, 8])
def test_transcripts_and_alternatives(network, beam):
    plain = Recognizer(engine.load(None, "integer"), beam=beam)
    compiled = Recognizer(network, beam=beam)
    streams = [
        each.stream(expected=lists).accept(recording(0))
        for lists in ([], [phrases(4)])
        for each in (plain, compiled)
    ]
    for one, other in zip(streams[::2], streams[1::2], strict=True):
        assert one.partial.text == other.partial.text
        assert one.finish().text == other.finish().text
        check_lattices(one.lattice, other.lattice)
        for a, b in zip(one.finish().words, other.finish().words, strict=True):
            assert a.confidence == pytest.approx(b.confidence, abs=1e-6)
        assert [each.text for each in one.alternatives(3)] == [each.text for each in other.alternatives(3)]


def test_events_of_a_session(network):
    sound = np.concatenate([recording(0), np.zeros(16_000, np.float32), recording(3)])
    told = []
    for recognizer in (Recognizer(engine.load(None, "integer"), 8), Recognizer(network, 8)):
        session = Session(recognizer, expected=[phrases(6)])
        told.append([to_json(event) for event in [*session.accept(sound), *session.finish()]])
    kinds = [event["event"] for event in told[0]]
    assert kinds.count("final") > 1
    for one, other in zip(*told, strict=True):
        assert one.keys() == other.keys()
        for name in one.keys() & {"event", "time_ms", "text", "stable", "words"}:
            assert one[name] == other[name]


SEARCHED = """
from stapes.decode import CompiledBeamSearch
from stapes.engine import NativeNetwork
network = NativeNetwork.load(kernels="reference")
search = CompiledBeamSearch(network.compiled, 8)
"""


def test_a_long_search_can_be_interrupted():
    call = "search.advance(np.zeros((count, network.settings.frame_width), np.float32), search.init_state())"
    assert_interrupted(SEARCHED, call, 1_000)
