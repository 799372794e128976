"""The packed model that the tests of this folder spoil."""

import pytest

from tests.format.packed_file import File, sound_model


@pytest.fixture(scope="session")
def good_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return sound_model(tmp_path_factory.mktemp("packed") / "good.stapes")


@pytest.fixture
def good(good_bytes: bytes) -> File:
    """The same in parts that may be spoilt."""
    return File.parse(good_bytes)
