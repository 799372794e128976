"""What of an encoder frame tells ends from pauses is found, now and in what was spoken before."""

import numpy as np
import pytest

from stapes.train.tells import find_tells, still_frames

S, J = 2, 5


def test_running_means_of_all_frames_and_of_those_that_were_spoken() -> None:
    observed = np.zeros((6, S + J), np.float32)
    observed[:, 0] = np.arange(6)
    observed[1:, S] = 1.0
    hushed = np.array([False, False, False, True, True, True])
    is_end = np.array([False] * 5 + [True])
    made = still_frames(observed, S, is_end, hushed, np.ones(6, np.bool_))
    # Every third frame is an example.
    assert made.inputs[:, 0].tolist() == [0, 3]
    assert made.is_end.tolist() == [False, False]
    assert made.inputs[1, S] == pytest.approx(1 - 0.7**3)
    assert made.inputs[1, S + J] == pytest.approx(1 - 0.8**2)
    later = still_frames(observed, S, is_end, hushed, np.arange(6) == 5)
    assert later.is_end.tolist() == [True]
    assert later.inputs[0, S + J] == pytest.approx(1 - 0.8**2)


def test_both_directions_are_found() -> None:
    rng = np.random.default_rng(0)
    made = []
    for index in range(60):
        observed = rng.standard_normal((20, S + J)).astype(np.float32)
        hushed = np.arange(20) >= 10
        observed[~hushed, S + 1] += 2 * (-1) ** index
        observed[hushed, S + 3] -= 2 * (-1) ** index
        made.append(still_frames(observed, S, np.full(20, index % 2 == 0), hushed, hushed))
    now, spoken = find_tells(made, S, early_weight=1.0)
    assert (np.abs(now).argmax(), np.abs(spoken).argmax()) == (3, 1)
    assert now[3] < 0 < spoken[1]


def test_nothing_is_told_where_all_are_ends() -> None:
    frames = np.ones((4, S + J), np.float32)
    made = still_frames(frames, S, np.ones(4, np.bool_), np.ones(4, np.bool_), np.ones(4, np.bool_))
    assert not find_tells([made], S, early_weight=2.0).any()
