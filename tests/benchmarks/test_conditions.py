"""What is done to recordings to make them hard, and the noises and rooms of it."""

import numpy as np
import pytest

from benchmarks import shoebox, unheard_noises
from benchmarks.conditions import CONDITIONS, Around, Waveform, around, bandpass, tempo
from stapes.corpus.augment.levels import active_power
from stapes.units import SAMPLE_RATE_HZ


def tone(hz: float, seconds: float = 1.0) -> Waveform:
    return (
        0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ)
    ).astype(np.float32)


def speech(pitch_hz: float = 120.0) -> Waveform:
    """Half a second of harmonics with a pause before and after."""
    harmonics = np.sum([tone(pitch_hz * order, 0.5) / order for order in range(1, 20)], axis=0)
    return np.pad(harmonics, SAMPLE_RATE_HZ // 4).astype(np.float32)


def given(name: str = "a", condition: str = "clean") -> Around:
    return around(name, 0, condition, [speech(pitch_hz) for pitch_hz in range(80, 240, 20)])


def power(samples: Waveform) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))


@pytest.mark.parametrize(
    ("condition", "snr_db"),
    [("noise 20 dB", 20), ("noise 10 dB", 10), ("noise 5 dB", 5), ("babble 10 dB", 10)],
)
def test_noise_and_babble_have_their_ratio_to_the_speech(condition: str, snr_db: float) -> None:
    clean = speech()
    added = CONDITIONS[condition](clean, given()) - clean
    assert 10 * np.log10(active_power(clean) / power(added)) == pytest.approx(snr_db, abs=0.01)


def test_what_does_not_fit_becomes_weaker_as_a_whole() -> None:
    loud = 9 * speech()
    heard = CONDITIONS["noise 5 dB"](loud / np.abs(loud).max(), given())
    assert np.abs(heard).max() == pytest.approx(1)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_same_recording_gives_the_same_samples_and_another_seed_other_ones(condition: str) -> None:
    change = CONDITIONS[condition]
    first, again = (change(speech(), given("a", condition)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    if condition.startswith(("noise", "babble")):
        assert not np.array_equal(first, change(speech(), given("b", condition)))


@pytest.mark.parametrize("rt60_s", [0.3, 0.6])
def test_rooms_ring_as_long_as_they_should(rt60_s: float) -> None:
    rooms = shoebox.responses(0, rt60_s)
    assert [shoebox.rt60_of(room) for room in rooms] == pytest.approx([rt60_s] * len(rooms), rel=0.02)
    assert all(np.abs(room).argmax() == 0 for room in rooms)


@pytest.mark.parametrize("rt60_s", [0.2, 0.5])
def test_the_time_of_a_known_decay(rt60_s: float) -> None:
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    assert shoebox.rt60_of(10 ** (-3 * time_s / rt60_s)) == pytest.approx(rt60_s, rel=0.01)


def test_a_room_keeps_the_energy_and_adds_its_tail() -> None:
    heard = CONDITIONS["room 0.6 s"](speech(), given())
    assert np.square(heard).sum() == pytest.approx(np.square(speech()).sum(), rel=1e-3)
    assert len(heard) == len(speech()) + round(0.6 * SAMPLE_RATE_HZ) - 1


@pytest.mark.parametrize(
    ("hz", "kept"), [(100, 0), (200, 0), (400, 1), (1000, 1), (3300, 1), (3550, 0), (5000, 0)]
)
def test_the_band_of_a_telephone(hz: float, kept: float) -> None:
    middle = bandpass(tone(hz), 300, 3400)[SAMPLE_RATE_HZ // 4 : -SAMPLE_RATE_HZ // 4]
    assert np.sqrt(2 * power(middle)) / 0.1 == pytest.approx(kept, abs=0.01)


def test_a_telephone_keeps_the_time_and_most_of_the_band() -> None:
    clean = bandpass(speech(), 300, 3400)
    heard = CONDITIONS["telephone"](speech(), given())
    assert len(heard) == len(clean)
    assert np.corrcoef(clean, heard)[0, 1] > 0.9


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_tempo_changes_the_length_but_not_the_pitch(factor: float) -> None:
    heard = tempo(tone(200, 2.0), given(), factor)
    assert len(heard) == round(2 * SAMPLE_RATE_HZ / factor)
    middle = heard[SAMPLE_RATE_HZ // 4 : -SAMPLE_RATE_HZ // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 17))
    assert spectrum.argmax() * SAMPLE_RATE_HZ / (1 << 17) == pytest.approx(200, abs=2)
    assert power(middle) == pytest.approx(power(tone(200)), rel=0.02)


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_tempo_moves_what_happens_in_proportion(factor: float) -> None:
    samples = np.zeros(2 * SAMPLE_RATE_HZ, np.float32)
    samples[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + 800] = tone(500, 0.05)
    heard = tempo(samples, given(), factor)
    centre = np.sum(np.arange(len(heard)) * heard**2) / np.sum(heard**2)
    assert centre == pytest.approx((SAMPLE_RATE_HZ + 400) / factor, abs=0.02 * SAMPLE_RATE_HZ)


def test_quiet_and_clipped_have_their_levels() -> None:
    assert 10 * np.log10(active_power(CONDITIONS["quiet"](speech(), given()))) == pytest.approx(-40, abs=0.01)
    heard = CONDITIONS["clipped"](speech(), given())
    loud = speech() / np.abs(speech()).max()
    np.testing.assert_array_equal(np.abs(heard) == 1, np.abs(loud) >= 10 ** (-12 / 20))


@pytest.mark.parametrize("kind", unheard_noises.KINDS)
@pytest.mark.parametrize("length", [3201, 160_000])
def test_noises_have_a_power_of_one(kind: str, length: int) -> None:
    noise = unheard_noises.KINDS[kind](np.random.default_rng(0), length)
    assert len(noise) == length
    assert np.mean(noise**2) == pytest.approx(1)
