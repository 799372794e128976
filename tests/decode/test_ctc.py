"""What a CTC head adds to a beam search: worth of labels, when they may be found, and merging."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from stapes.decode import BeamSearch
from stapes.decode.ctc import LOWEST, emitted, evidence_at
from stapes.decode.merging import History, merge_settled
from stapes.decode.trace import ROOT

VOCABULARY = ("<blk>", "▁a", "▁b", "▁c")
A, B, C = 1, 2, 3


@dataclass(frozen=True)
class Head:
    joint: int = len(VOCABULARY)
    ctc_scale: float = 0.5
    ctc_frames: int = 2


class Recording:
    """Its frames are log-probabilities of the transducer, whatever was said, and logits of the head."""

    vocabulary = VOCABULARY

    def predict(self, contexts):
        return np.zeros((len(contexts), len(VOCABULARY)), np.float32)

    def join(self, encoder_frame, predictions):
        return encoder_frame[: len(VOCABULARY)] + predictions


def frames(transducer, head):
    """[n, J + V]: probabilities of each label, and logits of the head; it is sure of blank where they are None."""
    heard = np.log(np.array(transducer, np.float32))
    seen = np.array([[9, 0, 0, 0] if row is None else row for row in head], np.float32)
    return np.concatenate([heard, seen], axis=1)


def found(given, head, **settings):
    settings = {"beam": 8, "score_beam": math.inf, "histories": 8} | settings
    search = BeamSearch(Recording(), ctc=head, **settings)
    return search.result(search.advance(given, search.init_state()))


QUIET = [1 - 3e-9, 1e-9, 1e-9, 1e-9]
DOUBT = [0.1, 0.46, 0.42, 0.02]


def test_evidence_is_the_logit_ahead_of_blank_times_the_scale():
    frame = np.array([5, 5, 5, 5, 1.5, 3.5, -2, -20], np.float32)
    np.testing.assert_array_equal(evidence_at(Head(), frame), [0, 1, -1.75, LOWEST / 2])


@pytest.mark.parametrize(("late", "text"), [(0, "b"), (1, "b"), (2, "b"), (3, "")])
def test_a_label_may_be_found_until_some_frames_after_its_emission(late, text):
    head = [None] * 5
    head[1 + late] = [0, 0, 9, 0]
    given = frames([QUIET, DOUBT, QUIET, QUIET, QUIET], head)
    assert found(given, Head()).text == text
    assert found(given[:, : len(VOCABULARY)], None).text == "a"


def test_the_score_is_that_of_the_transducer_and_of_the_best_frame():
    given = frames([DOUBT, QUIET, QUIET], [[0, 1, 2, 0], [0, 6, 1, 0], [0, 4, 3, 0]])
    assert found(given, Head()).log_prob == pytest.approx(math.log(0.46) + 6 / 2)
    assert found(given, Head(ctc_frames=0)).log_prob == pytest.approx(math.log(0.42) + 2 / 2)


def test_one_frame_is_not_found_twice():
    doubled = [[0.3, 0.7, 1e-9, 1e-9], [0.2, 0.8, 1e-9, 1e-9], QUIET]
    head = [None, [0, 9, 0, 0], None]
    assert found(frames(doubled, head)[:, : len(VOCABULARY)], None).text == "a a"
    assert found(frames(doubled, head), Head(ctc_scale=1.0)).text == "a"


@pytest.mark.parametrize(
    ("between", "text"),
    [
        ([[0, 9, 0, 0]], "a"),
        ([[0, 2, 0, 0]], "a"),
        ([[4, 0, 0, 0]], "a"),
        ([[4, 0, 0, 0]] * 3, "a a"),
        ([None, None], "a a"),
    ],
    ids=["lasts", "lasts faintly", "flickers", "pauses", "ends"],
)
def test_a_label_is_repeated_only_after_as_much_blank(between, text):
    said = [0.35, 0.65, 1e-9, 1e-9]
    head = [[0, 9, 0, 0], *between, [0, 9, 0, 0]]
    heard = [said, *[QUIET] * len(between), [0.55, 0.45, 1e-9, 1e-9]]
    assert found(frames(heard, head), Head(ctc_scale=0.25)).text == text


def test_results_do_not_depend_on_chunks():
    rng = np.random.default_rng(0)
    heard = rng.dirichlet([3, 1, 1, 1], 30)
    given = frames(heard, rng.normal(0, 4, (30, 4)))
    search = BeamSearch(Recording(), beam=3, ctc=Head())
    whole = search.advance(given, search.init_state())
    state = search.init_state()
    for chunk in np.split(given, [1, 2, 11, 12]):
        state = search.advance(chunk, state)
    assert state == whole
    assert np.any(whole.evidence.score)


@pytest.mark.parametrize(
    ("ahead", "more", "settled"), [(2.0, 1.0, True), (2.0, 3.0, False), (0.5, -1.0, True)]
)
def test_a_history_is_merged_only_if_it_cannot_make_up_by_what_may_yet_be_found(ahead, more, settled):
    nodes = [ROOT.emit(first, 0, -1.0, 1.0).emit(C, 2, -2.0, 1.0) for first in (A, B)]
    context = ((A, C), ())
    best = History(nodes[0], -2.0, context, evidence=emitted(more))
    other = History(nodes[1], -2.0 - ahead, context, evidence=emitted(0.0))
    contexts = {context: [best, other]}
    merge_settled(contexts, 3)
    assert (len(contexts[context]) == 1) == settled
