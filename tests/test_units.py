import pytest

from stapes import units


@pytest.mark.parametrize(("ms", "samples"), [(25, 400), (10, 160), (0.03125, 1), (0.03, 0), (0, 0)])
def test_milliseconds_round_half_up(ms, samples):
    assert units.ms_to_samples(ms, 16000) == samples


@pytest.mark.parametrize(("seconds", "samples"), [(1, 8000), (0.0000625, 1), (0.00006, 0), (1.0000625, 8001)])
def test_seconds_round_half_up(seconds, samples):
    assert units.seconds_to_samples(seconds, 8000) == samples
