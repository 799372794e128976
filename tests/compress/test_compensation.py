"""Rounding that makes up for its errors: nearer in what comes out of a matrix, never off the grid."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stapes.codec import fit
from stapes.compress import fold
from stapes.compress.choosing import SMALLER
from stapes.compress.compensation import Moments, compensated
from stapes.compress.listening import Listener, read_recordings
from stapes.compress.trained import read_trained
from stapes.corpus import read_manifest
from tests.networks import speaking_checkpoint

AN4 = Path(__file__).parents[1] / "data" / "an4" / "manifest.jsonl"
COLUMNS = 200


@pytest.fixture(scope="module")
def inputs() -> NDArray[np.float64]:
    """Inputs that go together, as those of a layer do."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(3000, 30)) @ rng.normal(size=(30, COLUMNS)) + rng.normal(size=(3000, COLUMNS))


@pytest.fixture(scope="module")
def weights() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(24, COLUMNS)).astype(np.float32)


def output_error(inputs: NDArray[np.float64], change: NDArray[np.float32]) -> float:
    return float(np.square(inputs @ change.T).mean())


@pytest.mark.parametrize("candidate", SMALLER, ids=lambda each: f"{each.codec} {each.thrift} {each.kept}")
def test_what_comes_out_is_nearer(candidate, inputs, weights) -> None:
    moments = Moments(inputs[:2000].T @ inputs[:2000] / 2000)
    plain, made_up = candidate.quantise(weights), candidate.quantise(weights, moments)
    errors = [output_error(inputs[2000:], each.floats() - weights) for each in (plain, made_up)]
    assert errors[1] < 0.6 * errors[0]
    candidate.codec.pack(made_up)  # every level is one that the codec can store
    if candidate.kept < 1:
        np.testing.assert_array_equal(made_up.levels[plain.levels == 0], 0)


def test_inputs_that_know_nothing_of_each_other_leave_the_nearest_levels(weights) -> None:
    moments = Moments(np.diag(np.linspace(1, 2, COLUMNS)))
    grid = fit(weights, 4, thrift=0.03)
    levels, _ = compensated(weights, grid, moments)
    np.testing.assert_array_equal(levels, grid.levels(weights))


def test_an_input_that_is_always_zero_does_no_harm(weights) -> None:
    second = np.eye(COLUMNS)
    second[3, 3] = 0
    levels, scales = compensated(weights, fit(weights, 4), Moments(second))
    assert np.isfinite(scales).all()
    np.testing.assert_array_equal(levels, fit(weights, 4).levels(weights))


def test_moments_are_those_of_what_the_matrices_read(tmp_path: Path) -> None:
    trained = read_trained(speaking_checkpoint(tmp_path))
    weights = fold(trained.weights, {"norms.1": 2.0})
    recordings = read_recordings(trained, read_manifest(AN4)[:3])
    found = Listener(trained.network(), weights).moments(recordings)
    assert set(found) == {
        "subsampling.linear.weight",
        "encoder_projection.weight",
        "lstms.0.weight",
        "lstms.1.weight",
    }
    rows = []
    network = trained.network()
    with torch.no_grad():
        for recording in recordings:
            hidden = network.subsampling(
                (torch.from_numpy(recording.features)[None] - network.feature_mean) * network.feature_scale
            )
            hidden = hidden + network.lstms[0](network.norms[0](hidden))[0]
            read = network.norms[1](hidden)
            before = torch.cat([torch.zeros_like(read[:1]), network.lstms[1](read)[0][:-1]])
            rows.append(torch.cat([read / 2, before], dim=-1)[:, 0].numpy())
    joined = np.concatenate(rows)
    moments = found["lstms.1.weight"]
    second = np.empty_like(moments.second)
    second[np.ix_(moments.order, moments.order)] = moments.second
    np.fill_diagonal(second, 0)
    expected = joined.T @ joined / len(joined)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(second, expected, atol=1e-4 * np.abs(expected).max())
