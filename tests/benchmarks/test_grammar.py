"""Rates of what was understood."""

import math
from pathlib import Path

import pytest

from benchmarks.grammar import HOME, Heard, _candidates, _cost, understanding
from stapes.corpus import Utterance
from stapes.grammar import Grammar


@pytest.fixture(scope="module")
def home():
    return Grammar.load(HOME)


def heard(said, held, deficit, freely="", boosted=""):
    return Heard(Utterance(said, Path("a.wav"), said, 1.0), freely, held, deficit, boosted)


OWN = [
    heard("turn on the lamp", "turn on the lamp", -0.1, "turn on the lamp", "turn on the lamp"),
    heard("dim the lights", "dim my light", 0.5, "dem the light", "dim the light"),
    heard("set the volume to nine", "set the volume to five", 1.5, "set volume to five", ""),
    heard("lock the door", "", math.inf),
]
FOREIGN = {
    "dev-synthetic": [heard("play a song", "", math.inf, "play a song", "play the song")],
    "test-keywords": [heard("jarvis", "stop fan", 2.0), heard("alexa", "stop fan", 9.0)],
}


def test_rates_at_the_gate(home):
    facts = understanding(home, OWN, FOREIGN)
    assert facts["gate_nats"] == 5.0
    assert facts["at_gate"] == {
        "right": 0.5,
        "misunderstood": 0.25,
        "false_rejects": 0.25,
        "false_accepts": {"dev-synthetic": 0.0, "test-keywords": 0.5},
    }
    assert (facts["right_freely"], facts["right_boosted"]) == (0.25, 0.5)
    assert facts["other_sentences_wer"] == {"freely": 0.0, "boosted": pytest.approx(1 / 3)}


def test_the_sweep_counts_both_errors(home):
    sweep = {entry["nats"]: entry for entry in understanding(home, OWN, FOREIGN)["sweep"]}
    assert sweep[1] == {"nats": 1, "false_rejects": 0.5, "false_accepts": 0.0}
    assert sweep[2] == {"nats": 2, "false_rejects": 0.25, "false_accepts": pytest.approx(1 / 3)}


def test_the_gate_is_chosen_between_the_deficits():
    strangers = FOREIGN["test-keywords"]
    assert _candidates(OWN, strangers) == [0.0, 1.0, 1.75, 5.5]
    assert min(_candidates(OWN, strangers), key=lambda nats: _cost(nats, OWN, strangers)) == 1.75
