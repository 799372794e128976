"""What an end-pointer observes, and what it decides.

Letters of shapes: J joint width.
"""

import math
import zlib
from dataclasses import dataclass, replace

import numpy as np
import pytest

from stapes.decode import (
    SCALARS,
    BeamSearch,
    Completeness,
    Dictation,
    Endpointer,
    Levels,
    Melody,
    Reason,
    Sound,
    end_probability,
    remember,
    text_features,
)
from tests.decode.scorers import scripted

VOCABULARY = ("<blk>", "\u2581go", "\u2581on", "per")
J = 3


@dataclass(frozen=True)
class Point:
    speculative: float = 0.4
    final: float = 0.6
    least_pause_ms: int = 80
    longest_pause_ms: int = 2_000
    no_speech_ms: int = 8_000
    longest_ms: int = 30_000


@dataclass(frozen=True)
class Tables:
    completeness: np.ndarray
    completeness_bias: float
    projection: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    input_weight: np.ndarray
    input_bias: np.ndarray
    recurrent_weight: np.ndarray
    recurrent_bias: np.ndarray
    output_weight: np.ndarray
    output_bias: float


def random_tables(seed: int = 0, buckets: int = 64) -> Tables:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    inputs = SCALARS + 2
    return Tables(
        completeness=draw(buckets),
        completeness_bias=0.5,
        projection=draw(2, J),
        mean=draw(inputs),
        scale=np.abs(draw(inputs)),
        input_weight=draw(12, inputs),
        input_bias=draw(12),
        recurrent_weight=draw(12, 4),
        recurrent_bias=draw(12),
        output_weight=draw(4),
        output_bias=0.25,
    )


def endpointer(point: Point | None = None) -> Endpointer:
    return Endpointer(VOCABULARY, random_tables(), point or Point())


def after(labels, frames, levels_db, point=None):
    """State after the labels were emitted at ``frames`` (by index) and ``levels_db`` were heard."""
    search, pointer = BeamSearch(scripted([], VOCABULARY)), endpointer(point)
    heard, state = search.init_state(), pointer.init_state()
    emitted = dict(zip(frames, labels, strict=True))
    for frame, level_db in enumerate(levels_db):
        node = heard.nodes[0]
        if frame in emitted:
            node = node.emit(emitted[frame], frame, 0.0, 1.0)
        heard = replace(heard, frames=frame + 1, nodes=(node,))
        sound = Sound(level_db, 0.75, 7.0 + frame / 8)
        state = pointer.advance(np.full(J, frame, np.float32), sound, math.log(0.5), heard, state)
    return pointer, state


SPOKEN_DB = [-80.0] * 3 + [-30.0] * 5


def test_the_words_and_their_completeness():
    _, state = after([1, 3, 2], [3, 4, 6], SPOKEN_DB)
    assert state.words == ("goper", "on")
    tables = random_tables()
    buckets = text_features(["goper", "on"], 64)
    expected = 0.5 + float(tables.completeness[buckets].sum())
    assert state.log_odds == pytest.approx(expected, rel=1e-6)
    assert Completeness(tables.completeness, 0.5).log_odds(["goper", "on"]) == pytest.approx(
        expected, rel=1e-6
    )
    assert Completeness(tables.completeness, 0.5).log_odds([]) == -math.inf


def test_frames_are_counted():
    _, state = after([1], [3], [*SPOKEN_DB, -65.0, -80.0, -81.0, -80.0])
    assert (state.frames, state.run_frames) == (12, 8)
    assert (state.hushed_frames, state.quiet_frames) == (4, 3)
    _, softer = after([1], [3], [*SPOKEN_DB, -41.0, -43.0, -45.0])
    assert (softer.hushed_frames, softer.quiet_frames) == (2, 0)
    _, before = after([], [], SPOKEN_DB[:2])
    assert (before.run_frames, before.words, before.hushed_frames) == (2, (), 2)


def test_the_scalars_are_those_of_the_specification():
    _, state = after([1, 2], [3, 6], [*SPOKEN_DB, -60.0, -80.0, -80.0, -80.0, -75.0])
    speech, noise = state.levels.speech_db, state.levels.noise_db
    blank = 0.5 + 0.5 * 0.7**13
    scalars = [
        math.log1p(6),
        math.log1p(4),
        math.log1p(5),
        4 * blank,
        math.log(0.5) / 3,
        (-75 - noise) / 10,
        (speech + 75) / 10,
        max(-8, min(8, state.log_odds)) / 2,
        math.log1p(2),
        math.log1p(13),
        0.75,
        state.melody.height,
        state.melody.slope,
    ]
    assert state.observed[:SCALARS] == pytest.approx(scalars, rel=1e-5)
    assert state.observed[SCALARS:] == pytest.approx([12] * J)


def test_the_melody_is_that_of_the_user():
    _, state = after([1], [3], SPOKEN_DB)
    heights = [7.0 + frame / 8 for frame in range(3, 8)]
    melody = Melody()
    for height in heights:
        melody = melody.follow(Sound(-30.0, 0.75, height))
    assert state.melody == melody
    assert (melody.frames, melody.mean) == (5, pytest.approx(np.mean(heights)))
    assert melody.height == pytest.approx(heights[-1] - np.mean(heights))
    assert melody.follow(Sound(-30.0, 0.5, 5.0)) == melody
    first = Melody().follow(Sound(-30.0, 0.75, 7.0)).follow(Sound(-30.0, 0.75, 8.0))
    assert (first.height, first.slope) == (0.5, pytest.approx(0.4 * 0.5))
    # The mean of fifty frames and more forgets.
    assert Melody(50, 7.0).follow(Sound(-30.0, 0.75, 8.0)).mean == pytest.approx(7.02)


def test_levels_follow_noise_and_speech():
    levels = Levels().follow(-70.0)
    assert (levels.noise_db, levels.speech_db) == (-70.0, -35.0)
    assert levels.follow(-80.0).noise_db == -75.0
    assert levels.follow(-60.0).noise_db == pytest.approx(-69.85)
    assert levels.follow(-40.0).noise_db == -70.0
    assert levels.follow(-25.0).speech_db == -30.0
    assert levels.follow(-60.0).speech_db == pytest.approx(-35.03)
    assert Levels(-30.0, -29.0).follow(-30.0).speech_db == -20.0
    assert not Levels(-70.0, -35.0).sounds(-62.0)
    assert Levels(-70.0, -35.0).sounds(-61.9)
    assert Levels(-70.0, -35.0).speaks(-52.9)
    assert not Levels(-70.0, -35.0).speaks(-53.0)
    assert not Levels(-45.0, -35.0).speaks(-38.0)
    assert Levels(-70.0, -35.0).is_loud(-46.9)
    assert not Levels(-70.0, -35.0).is_loud(-47.0)
    assert not Levels(-45.0, -35.0).is_loud(-38.0)


def test_levels_are_kept_for_the_next_utterance():
    pointer, state = after([1], [3], SPOKEN_DB)
    assert pointer.init_state(state.levels).levels == state.levels
    assert pointer.init_state(state.levels).words == ()


def test_the_probability_is_that_of_the_network():
    tables = random_tables()
    rng = np.random.default_rng(1)
    hidden = rng.standard_normal(4).astype(np.float32)
    observed = rng.standard_normal(SCALARS + J).astype(np.float32)
    inputs = np.concatenate([observed[:SCALARS], tables.projection @ observed[SCALARS:]])
    given = tables.input_weight @ ((inputs - tables.mean) * tables.scale) + tables.input_bias
    kept = tables.recurrent_weight @ hidden + tables.recurrent_bias
    reset, update = (1 / (1 + np.exp(-(given[part] + kept[part]))) for part in (slice(4), slice(4, 8)))
    new = np.tanh(given[8:] + reset * kept[8:])
    expected = (1 - update) * new + update * hidden
    assert remember(tables, observed, hidden) == pytest.approx(expected, rel=1e-5)
    probability = 1 / (1 + np.exp(-(tables.output_weight @ hidden + 0.25)))
    assert end_probability(tables, hidden) == pytest.approx(float(probability), rel=1e-5)


def test_every_frame_is_remembered():
    _, before = after([1], [3], SPOKEN_DB[:-1])
    _, state = after([1], [3], SPOKEN_DB)
    tables = random_tables()
    assert np.array_equal(state.hidden, remember(tables, state.observed, before.hidden))
    assert state.probability == end_probability(tables, state.hidden)


@pytest.mark.parametrize(
    ("changes", "speculates", "ends"),
    [
        ({"probability": 0.39}, False, None),
        ({"probability": 0.4}, True, None),
        ({"probability": 0.6}, True, Reason.ENDPOINT),
        ({"probability": 0.9, "hushed_frames": 1, "run_frames": 3}, False, None),
        ({"probability": 0.9, "hushed_frames": 3}, True, None),
        ({"probability": 0.9, "hushed_frames": 0, "run_frames": 7}, True, None),
        ({"probability": 0.9, "hushed_frames": 0, "run_frames": 8}, True, Reason.ENDPOINT),
        ({"probability": 0.9, "words": ()}, False, None),
        ({"run_frames": 49}, False, None),
        ({"run_frames": 50, "hushed_frames": 49}, False, None),
        ({"run_frames": 50, "hushed_frames": 50}, False, Reason.PAUSE),
        ({"run_frames": 100, "hushed_frames": 0}, False, Reason.PAUSE),
        ({"words": (), "run_frames": 199, "frames": 199}, False, None),
        ({"words": (), "run_frames": 200, "frames": 200}, False, Reason.NO_SPEECH),
        ({"frames": 749}, False, None),
        ({"frames": 750}, False, Reason.TOO_LONG),
    ],
)
def test_decisions(changes, speculates, ends):
    pointer, state = after([1], [3], SPOKEN_DB)
    state = replace(state, **{"probability": 0.0, "hushed_frames": 4, "run_frames": 4, **changes})
    assert (pointer.speculates(state), pointer.ends(state)) == (speculates, ends)


def test_a_text_has_a_handful_of_features():
    assert len(text_features(["go"], 1 << 15)) == 11
    short, long = text_features(["a", "b"], 1 << 15), text_features(["c", "b"], 1 << 15)
    assert [a == b for a, b in zip(short, long, strict=True)] == [
        True,
        False,
        False,
        False,
        True,
        False,
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_end_of_a_word_and_what_stands_before_it():
    keys = ("$ün", "$rün", "< be", "< ^ be")
    assert text_features(["be", "grün"], 1 << 15)[-4:] == [
        zlib.crc32(key.encode()) % (1 << 15) for key in keys
    ]
    keys = ("$n", "$n", "< ^", "< ^ ^")
    assert text_features(["n"], 1 << 15)[-4:] == [zlib.crc32(key.encode()) % (1 << 15) for key in keys]


def test_texts_of_one_shape_have_it_in_common():
    spelled, longer, later = ("a b c d ten twenty", "x a b c d one seven", "x y a b c d one seven")
    shape, same, other = (text_features(text.split(), 1 << 15)[6] for text in (spelled, longer, later))
    assert zlib.crc32(b"~1 1 1 3 3 6") % (1 << 15) == shape
    assert zlib.crc32(b"~1 1 1 3 3 7") % (1 << 15) == same
    assert other == zlib.crc32(b"~1 1 1 3 3 8") % (1 << 15)


def test_a_dictation_leaves_one_text():
    dictation = Dictation(("<blk>", "<unk>", "\u2581g", "o", "\u2581go", "\u2581"), "go go")
    state = dictation.start()
    allowed = []
    for label in (4, 2, 3):
        allowed.append(np.flatnonzero(np.isfinite(dictation.scores(state))).tolist())
        state = dictation.step(state, label)
    assert allowed == [[2, 4, 5], [2, 4, 5], [3]]
    assert dictation.final(state) == 0.0
    assert dictation.final(3) == -math.inf
    assert not np.isfinite(dictation.scores(state)).any()
