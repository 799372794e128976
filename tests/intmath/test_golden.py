import pytest

from tests.intmath import golden


@pytest.mark.parametrize("name", golden.FILES)
def test_the_golden_vectors_come_out(name):
    assert golden.text(golden.FILES[name]()) == (golden.FOLDER / name).read_text(encoding="utf-8")
