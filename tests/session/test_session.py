"""Sound to events, with a network whose words can be played and an end-pointer that counts quiet frames."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stapes.engine.endpointing import Point
from stapes.errors import AudioError, ConfigError
from stapes.features import WINDOW_SAMPLES, find_pitch
from stapes.session import Final, Hearing, Reason, Recognizer, Session, to_json
from stapes.session.pausing import pauses_alone
from tests.session.played import FRAME_SAMPLES, VOCABULARY, PlayedNetwork, play

HUSHED, NEW = 2, 2
CERTAINTY = 20


def counting(speculative: int, final: int, **bounds: int) -> Any:
    """An end-pointer that is half sure after ``speculative`` hushed frames, and surer after ``final`` ones."""

    def probability(frames: float) -> float:
        return 1 / (1 + math.exp(-8 * math.tanh(math.log1p(frames) - 1)))

    none = pauses_alone(len(VOCABULARY))
    weight = np.zeros_like(none.input_weight)
    weight[NEW, HUSHED] = 1
    point = Point(probability(speculative - 0.5), probability(final - 0.5), least_pause_ms=40, **bounds)
    return replace(
        none,
        scale=np.ones_like(none.scale),
        input_weight=weight,
        # The update gate stays shut, so nothing is remembered.
        input_bias=np.array([0, -40, -1], np.float32),
        output_weight=np.array([8], np.float32),
        points={"normal": point},
    )


def tell(sound: NDArray[np.float32], endpointing: Any, **options: Any) -> list[dict[str, Any]]:
    session = Session(Recognizer(PlayedNetwork(endpointing, CERTAINTY)), **options)
    return [to_json(event) for event in [*session.accept(sound), *session.finish()]]


def brief(events: list[dict[str, Any]]) -> list[str]:
    return [" ".join([event["event"], event.get("text", "")]).strip() for event in events]


SPOKEN = play(0, 1, 0, 0, 0, 3, 4, *[0] * 8)


def test_a_pause_voids_a_speculation() -> None:
    events = tell(SPOKEN, counting(speculative=2, final=5))
    assert brief(events) == [
        "partial go",
        "speculative go",
        "reset",
        "partial go up",
        "partial go upper",
        "revised go upper",
        "confirmed",
        "final go upper",
        "final",
    ]
    assert [event["time_ms"] for event in events] == [80, 160, 240, 240, 280, 360, 480, 480, 600]
    assert [event["utterance"] for event in events] == [0] * 8 + [1]
    assert [event.get("reason") for event in events if event["event"] == "final"] == ["endpoint", "closed"]


def test_what_is_confirmed_is_what_was_speculated() -> None:
    events = tell(SPOKEN, counting(speculative=4, final=5))
    assert brief(events)[3:] == ["speculative go upper", "confirmed", "final go upper", "final"]


def test_words_have_their_times_in_the_session() -> None:
    sound = np.concatenate([SPOKEN, play(0, 0, 2, *[0] * 8)])
    finals = [e for e in tell(sound, counting(2, 5)) if e["event"] == "final" and e["text"]]
    assert [[word[:3] for word in final["words"]] for final in finals] == [
        [["go", 40, 80], ["upper", 200, 280]],
        [["stop", 680, 720]],
    ]
    assert [final["utterance"] for final in finals] == [0, 1]


def test_a_speculation_holds_what_may_have_been_said() -> None:
    sound = np.concatenate([SPOKEN, play(0, 0, 2, *[0] * 8)])
    events = [e for e in tell(sound, counting(2, 5)) if e["event"] in ("speculative", "revised")]
    assert [event["begin_ms"] for event in events] == [0, 0, 480]
    spoken = [[arc["word"] for arc in event["lattice"]["arcs"] if arc["word"]] for event in events]
    assert [words[:2] for words in spoken] == [["go"], ["go", "upper"], ["stop"]]
    assert events[2]["lattice"]["frames"][-1] * 40 + 480 == events[2]["words"][0][2] == 720


def test_the_stable_text_is_a_beginning_of_the_text_and_of_what_follows() -> None:
    stable = [event["stable"] for event in tell(SPOKEN, counting(2, 5)) if event["event"] == "partial"]
    assert stable == ["", "go", "go"]


def test_the_sound_ends_in_a_word() -> None:
    events = tell(play(0, 1, 3), counting(2, 5))
    assert brief(events) == ["partial go", "partial go up", "speculative go up", "confirmed", "final go up"]
    assert events[-1]["reason"] == "closed"


def test_the_last_samples_are_heard_at_the_end() -> None:
    events = tell(play(0, 1, 3)[:-100], counting(2, 5))
    assert brief(events)[-1] == "final go up"
    assert events[-1]["words"][-1] == ["up", 80, 114, events[-1]["words"][-1][3]]


@pytest.mark.parametrize(
    ("labels", "bounds", "ends", "reason"),
    [
        ([1] + [0] * 40, {"longest_pause_ms": 400}, 440, "pause"),
        ([0] * 40, {"longest_pause_ms": 400, "no_speech_ms": 800}, 800, "no speech"),
        ([1, 3] * 20, {"longest_pause_ms": 400, "longest_ms": 1200}, 1200, "too long"),
    ],
)
def test_bounds_hold_whatever_the_end_pointer_says(
    labels: list[int], bounds: dict[str, int], ends: int, reason: str
) -> None:
    events = tell(play(*labels), counting(300, 301, **bounds))
    first = next(event for event in events if event["event"] == "final")
    assert (first["time_ms"], first["reason"]) == (ends, reason)


def test_loud_sound_without_words_ends_an_utterance_later() -> None:
    # Half of label 1: loud, and heard as blank.
    sound = np.concatenate([play(0, 1), np.full(40 * FRAME_SAMPLES, 0.055, np.float32)])
    events = tell(sound, counting(300, 301, longest_pause_ms=400))
    first = next(event for event in events if event["event"] == "final")
    assert (first["time_ms"], first["reason"]) == (880, "pause")


def test_a_model_without_an_end_pointer_goes_by_pauses() -> None:
    sound = play(0, 1, *[0] * 60)
    ends = {}
    for name in ("fast", "normal", "patient"):
        events = tell(sound, None, endpoint=name)
        ends[name] = next(event["time_ms"] for event in events if event["event"] == "final")
    assert ends == {"fast": 800, "normal": 1080, "patient": 2080}


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(0, 2000), max_size=12), rate_hz=st.sampled_from([8_000, 16_000, 44_100]))
def test_chunking_changes_no_event(sizes: list[int], rate_hz: int) -> None:
    recognizer = Recognizer(PlayedNetwork(counting(2, 5), CERTAINTY))
    whole, cut = (Session(recognizer, sample_rate_hz=rate_hz) for _ in range(2))
    expected = [*whole.accept(SPOKEN), *whole.finish()]
    events = []
    for chunk in np.split(SPOKEN, np.minimum(np.cumsum(sizes), SPOKEN.size)):
        events += cut.accept(chunk)
    assert [*events, *cut.finish()] == expected


def test_sessions_do_not_disturb_each_other() -> None:
    recognizer = Recognizer(PlayedNetwork(counting(2, 5), CERTAINTY))
    alone = tell(SPOKEN, counting(2, 5))
    sessions = [Session(recognizer) for _ in range(3)]
    told: list[list[dict[str, Any]]] = [[], [], []]
    for start in range(0, SPOKEN.size, 500):
        for session, events in zip(sessions, told, strict=True):
            events += map(to_json, session.accept(SPOKEN[start : start + 500]))
    for session, events in zip(sessions, told, strict=True):
        assert events + [to_json(event) for event in session.finish()] == alone


def test_what_is_expected_changes_with_the_next_utterance() -> None:
    class OnlyStop:
        def compile(self, vocabulary: Any) -> Any:
            return self

        def start(self) -> int:
            return 0

        def scores(self, state: Any) -> NDArray[np.float32]:
            return np.array([0, -50, 0, 0, 0], np.float32)

        def step(self, state: Any, label: int) -> int:
            return 0

        def final(self, state: Any) -> float:
            return 0.0

    session = Session(Recognizer(PlayedNetwork(counting(2, 5), CERTAINTY)))
    go = play(0, 1, *[0] * 8)
    session.expect([OnlyStop()])
    texts = [
        event.transcript.text for _ in range(2) for event in session.accept(go) if isinstance(event, Final)
    ]
    texts += [event.transcript.text for event in session.finish() if isinstance(event, Final)]
    assert texts == ["go", ""]


class TiringNetwork(PlayedNetwork):
    """Hears nothing after fourteen frames; a state is how many they were."""

    def init_state(self) -> int:
        return 0

    def accept(self, samples: NDArray[np.float32], state: Any) -> tuple[NDArray[np.float32], Any]:
        frames, _ = super().accept(samples, np.zeros(0, np.float32))
        heard = np.arange(state, state + len(frames)) < 14
        return np.where(heard[:, np.newaxis], frames, 20 * np.eye(5, dtype=np.float32)[0]), state + len(
            frames
        )

    def flush(self, state: Any) -> tuple[NDArray[np.float32], Any]:
        return np.zeros((0, 5), np.float32), state


def test_the_network_begins_anew_with_each_utterance() -> None:
    session = Session(Recognizer(TiringNetwork(counting(2, 5))))
    events = session.accept(np.concatenate([SPOKEN, play(0, 0, 2, *[0] * 8)]))
    assert [event.transcript.text for event in events if isinstance(event, Final)] == ["go upper", "stop"]


def test_a_finished_session() -> None:
    session = Session(Recognizer(PlayedNetwork(counting(2, 5), CERTAINTY)))
    assert [event.reason for event in session.finish() if isinstance(event, Final)] == [Reason.CLOSED]
    assert session.finish() == []
    with pytest.raises(AudioError, match=r"^session: finished; a new session is needed for more samples$"):
        session.accept(SPOKEN)


def test_what_is_refused() -> None:
    recognizer = Recognizer(PlayedNetwork(certainty=CERTAINTY))
    with pytest.raises(
        ConfigError,
        match=r"^session: end-point setting 'quick' is not in the model; fast, normal, patient are accepted$",
    ):
        Session(recognizer, endpoint="quick")
    with pytest.raises(AudioError, match=r"a sample rate of 4000 Hz is not supported"):
        Session(recognizer, sample_rate_hz=4_000)


def test_events_are_json() -> None:
    events = tell(SPOKEN, counting(2, 5))
    assert json.loads(json.dumps(events)) == events
    assert set(events[1]) == {
        *("event", "utterance", "time_ms", "text", "words", "probability", "begin_ms", "lattice")
    }
    assert set(events[2]) == {"event", "utterance", "time_ms"}
    assert 0.5 < events[1]["probability"] < 1


def test_hearing_knows_how_loud_a_block_was() -> None:
    hearing = Hearing(PlayedNetwork())
    levels = [
        sound.level_db for _, sound in hearing.accept(np.concatenate([play(0, 4), np.zeros(320, np.float32)]))
    ]
    assert levels == [pytest.approx(-100), pytest.approx(20 * math.log10(0.5), abs=1e-6)]
    assert hearing.seconds == pytest.approx(0.08)


def test_hearing_knows_how_high_the_last_60_ms_were() -> None:
    times = np.arange(2 * FRAME_SAMPLES) / 16_000
    voice = sum(np.sin(2 * np.pi * 125 * number * times) / number for number in range(1, 6)).astype(
        np.float32
    )
    sounds = [sound for _, sound in Hearing(PlayedNetwork()).accept(0.1 * voice)]
    window = find_pitch(0.1 * voice[-WINDOW_SAMPLES:])
    assert (sounds[1].voicing, sounds[1].octaves) == (window.voicing, window.octaves)
    assert window.octaves == pytest.approx(math.log2(125), abs=0.03)
