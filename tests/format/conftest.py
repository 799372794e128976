"""The packed model that the tests of this folder spoil."""

import numpy as np
import pytest

from stapes.codec import Float16, Float32, Uniform
from stapes.format import write
from tests.format.packed_file import File


@pytest.fixture(scope="session")
def good_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sound model of three tensors, one of each codec."""
    path = tmp_path_factory.mktemp("packed") / "good.stapes"
    rng = np.random.default_rng(0)
    tensors = {
        "a.half": (rng.standard_normal((3, 5)).astype(np.float32), Float16()),
        "b.float": (rng.standard_normal(3).astype(np.float32), Float32()),
        "c.uniform": (rng.standard_normal((4, 33)).astype(np.float32), Uniform()),
    }
    write(path, {"licence": "Apache-2.0"}, tensors)
    return path.read_bytes()


@pytest.fixture
def good(good_bytes: bytes) -> File:
    """The same in parts that may be spoilt."""
    return File.parse(good_bytes)
