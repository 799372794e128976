"""Streams of sound in which somebody speaks once: with pauses inside the sentence, and a known end.

A recording becomes a stream: room tone, the sentence, room tone. Inside the sentence the speaker may pause between
two words, silently or with a drawn-out vowel, and noise or somebody else's talk may be heard throughout. What an
end-pointer has to find is the end of the last word, which is taken from the level of the recording.

Shapes: N samples, P places.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from stapes.corpus.augment.levels import FRAME_SAMPLES, frame_powers, loop, mix, speech_begin, speech_end
from stapes.corpus.augment.noises import make_noises
from stapes.corpus.manifest import Utterance
from stapes.corpus.recording import read_utterance
from stapes.errors import ConfigError
from stapes.units import SAMPLE_RATE_HZ, ms_to_samples, seconds_to_samples

Waveform = NDArray[np.float32]

_RAMP_SAMPLES = ms_to_samples(12, SAMPLE_RATE_HZ)
_GRAIN_SAMPLES = 1024
_TONE_BINS = 257
# Room tone is never digital silence: a microphone hisses.
_LEAST_TONE = 1e-4


@dataclass(frozen=True)
class StreamConfig:
    """What happens in a stream; ranges hold least and most.

    Args:
        lead_s_range: room tone before the first word, seconds.
        tail_s: room tone after the last word, seconds.
        pause_probability: of a pause inside a sentence of at least two words.
        second_pause_probability: of another one, where there is room.
        pause_s_range: length of a pause, seconds; its logarithm is uniform.
        hesitation_probability: of a drawn-out vowel in a pause.
        hesitation_s_range: its length, at most half of the pause, seconds.
        noise_probability: of noise throughout the stream.
        noise_snr_db_range: speech above that noise.
        talk_probability: of somebody else's talk throughout the stream.
        talk_snr_db_range: speech above that talk.
    """

    lead_s_range: tuple[float, float] = (0.3, 1.0)
    tail_s: float = 3.0
    pause_probability: float = 0.5
    second_pause_probability: float = 0.15
    pause_s_range: tuple[float, float] = (0.3, 1.5)
    hesitation_probability: float = 0.25
    hesitation_s_range: tuple[float, float] = (0.15, 0.5)
    noise_probability: float = 0.5
    noise_snr_db_range: tuple[float, float] = (10.0, 30.0)
    talk_probability: float = 0.2
    talk_snr_db_range: tuple[float, float] = (15.0, 25.0)

    def __post_init__(self) -> None:
        for name in ("pause", "second_pause", "hesitation", "noise", "talk"):
            value = getattr(self, f"{name}_probability")
            if not 0 <= value <= 1:
                raise ConfigError(f"{name}_probability is {value}; 0 to 1 is accepted")
        for name in ("lead_s", "pause_s", "hesitation_s", "noise_snr_db", "talk_snr_db"):
            limits = getattr(self, f"{name}_range")
            if len(limits) != 2 or not limits[0] <= limits[1]:
                raise ConfigError(f"{name}_range is {list(limits)}; the least and the most are accepted")


@dataclass(frozen=True, eq=False)
class SpokenStream:
    """A stream and what is true of it.

    Args:
        samples: [N] at 16 kHz.
        begin_samples: where the first word begins.
        end_samples: where the last word ends.
        pauses: begin and end of each pause inside the sentence, in samples.
    """

    samples: Waveform
    begin_samples: int
    end_samples: int
    pauses: tuple[tuple[int, int], ...]


Gaps = Sequence[tuple[int, int]]
"""For each two words in succession two places in samples, between which the one goes over into the other."""


def make_streams(
    utterances: Sequence[Utterance],
    gaps: Callable[[Waveform, str], Gaps],
    config: StreamConfig,
    seed: int,
) -> Iterator[SpokenStream]:
    """One stream for each of ``utterances``; others of them talk in the background.

    Args:
        utterances: their recordings are read.
        gaps: finds the gaps between the words of a text in its recording; none where it cannot.
        config: what may happen.
        seed: of all that is drawn.

    Raises:
        AudioError: a recording cannot be read.
    """
    for index in range(len(utterances)):
        yield make_stream(utterances, index, gaps, config, seed)


def make_stream(
    utterances: Sequence[Utterance],
    index: int,
    gaps: Callable[[Waveform, str], Gaps],
    config: StreamConfig,
    seed: int,
) -> SpokenStream:
    """The one at ``index`` of `make_streams`, whatever became of the others."""
    rng = np.random.default_rng((seed, index))
    recording = read_utterance(utterances[index])
    talk = read_utterance(utterances[int(rng.integers(len(utterances)))])
    return build_stream(recording, partial(gaps, recording, utterances[index].text), rng, config, talk)


def build_stream(
    recording: Waveform,
    gaps: Callable[[], Gaps],
    rng: np.random.Generator,
    config: StreamConfig,
    talk: Waveform | None = None,
) -> SpokenStream:
    """A stream made of ``recording``; the same for the same state of ``rng``.

    Args:
        recording: [N] one sentence at 16 kHz.
        gaps: gives the gaps between the words; asked where there is to be a pause, which is put at the quietest
            place of a gap.
        rng: the only source of chance.
        config: what may happen.
        talk: what somebody else says, at 16 kHz.
    """
    begin, end, last = _speech(recording)
    paused = rng.random() < config.pause_probability
    inside = [gap for gap in gaps() if begin < gap[0] and gap[1] < end] if paused else []
    places = _places(recording, inside, rng, config)
    pieces = np.split(recording[begin:last], [place - begin for place in places])
    pauses = [_pause(recording, place, rng, config) for place in places]
    tone = _room_tone(recording, rng)
    lead = seconds_to_samples(rng.uniform(*config.lead_s_range), SAMPLE_RATE_HZ)
    # A decay may be longer than the tail; all of it is kept.
    tail = max(0, seconds_to_samples(config.tail_s, SAMPLE_RATE_HZ) - (last - end))
    length = lead + sum(map(len, [*pieces, *pauses])) + tail
    samples = loop(tone, int(rng.integers(len(tone))), length).copy()
    at, silent = lead, []
    for index, piece in enumerate(pieces):
        _lay(samples, piece, at)
        at += len(piece)
        if index < len(pauses):
            samples[at : at + len(pauses[index])] += pauses[index]
            silent.append((at, at + len(pauses[index])))
            at += len(pauses[index])
    surrounded = _surround(samples, rng, config, talk)
    return SpokenStream(surrounded, lead, at - (last - end), tuple(silent))


def _speech(recording: Waveform) -> tuple[int, int, int]:
    """Where speech begins and ends, and up to where its decay is kept.

    The end is that of the last 10 ms that are both 10 dB above the noise (the 5th percentile of all of them) and
    less than 30 dB below loud speech (the 95th): what follows is room, breath or the decay of the last sound.
    """
    last = speech_end(recording)
    begin = speech_begin(recording)
    powers = frame_powers(recording[:last])
    floor, loud = np.percentile(powers, (5, 95)) if len(powers) else (0.0, 0.0)
    heard = np.flatnonzero(powers >= min(max(floor * 10, loud / 1_000), loud))
    end = (int(heard[-1]) + 1) * FRAME_SAMPLES if len(heard) else last
    return begin, max(begin + 1, min(end, last)), last


def _places(
    recording: Waveform, gaps: Sequence[tuple[int, int]], rng: np.random.Generator, config: StreamConfig
) -> list[int]:
    """Where pauses are put, in order."""
    if not gaps:
        return []
    count = 2 if len(gaps) > 1 and rng.random() < config.second_pause_probability else 1
    chosen = sorted(rng.choice(len(gaps), count, replace=False).tolist())
    return sorted({_quietest(recording, *gaps[index]) for index in chosen})


def _quietest(recording: Waveform, first: int, last: int) -> int:
    """The middle of the quietest 20 ms between two places."""
    powers = frame_powers(recording[first : max(last, first + 2 * FRAME_SAMPLES)])
    sums = powers[:-1] + powers[1:] if len(powers) > 1 else powers
    return first + (int(sums.argmin()) + 1) * FRAME_SAMPLES


def _pause(recording: Waveform, place: int, rng: np.random.Generator, config: StreamConfig) -> Waveform:
    """What the speaker adds to the room tone of a pause after ``place``: nothing, or a drawn-out vowel."""
    seconds = float(np.exp(rng.uniform(*np.log(config.pause_s_range))))
    pause = np.zeros(seconds_to_samples(seconds, SAMPLE_RATE_HZ), np.float32)
    if rng.random() < config.hesitation_probability:
        wanted = seconds_to_samples(rng.uniform(*config.hesitation_s_range), SAMPLE_RATE_HZ)
        vowel = _drawn_out(recording, place, min(wanted, len(pause) // 2), rng)
        first = int(rng.integers(0, len(pause) // 4 + 1))
        pause[first : first + len(vowel)] = vowel
    return pause


def _drawn_out(recording: Waveform, place: int, length: int, rng: np.random.Generator) -> Waveform:
    """The loudest sound of the half second before ``place``, held for ``length`` samples by adding up grains of it."""
    before = recording[max(0, place - SAMPLE_RATE_HZ // 2) : place]
    if len(before) < 2 * _GRAIN_SAMPLES or length < 2 * _GRAIN_SAMPLES:
        return np.zeros(0, np.float32)
    centre = int(frame_powers(before).argmax()) * FRAME_SAMPLES
    held = np.zeros(length, np.float32)
    window = np.hanning(_GRAIN_SAMPLES).astype(np.float32)
    for at in range(0, length - _GRAIN_SAMPLES + 1, _GRAIN_SAMPLES // 2):
        start = int(np.clip(centre + rng.integers(-160, 161) - 512, 0, len(before) - _GRAIN_SAMPLES))
        held[at : at + _GRAIN_SAMPLES] += window * before[start : start + _GRAIN_SAMPLES]
    return np.float32(0.5) * held


def _room_tone(recording: Waveform, rng: np.random.Generator) -> Waveform:
    """Eight seconds of noise with the spectrum of the quietest tenth of ``recording``."""
    length = 8 * SAMPLE_RATE_HZ
    frames = recording[: len(recording) // 512 * 512].reshape(-1, 512)
    powers = np.abs(np.fft.rfft(frames * np.hanning(512), axis=1)) ** 2 / (512 * 0.375)
    quiet = powers[np.argsort(powers.sum(axis=1))[: max(1, len(powers) // 10)]] if len(powers) else powers
    mean = quiet.mean(axis=0) if len(quiet) else np.zeros(_TONE_BINS)
    bins = np.linspace(0, _TONE_BINS - 1, length // 2 + 1)
    gains = np.sqrt(np.interp(bins, np.arange(_TONE_BINS), mean)) + _LEAST_TONE
    tone = np.fft.irfft(gains * np.fft.rfft(rng.standard_normal(length)), length)
    return tone.astype(np.float32)


def _lay(samples: Waveform, piece: Waveform, at: int) -> None:
    """Put ``piece`` in place of the room tone from ``at`` on, with short ramps from one to the other."""
    ramp = min(_RAMP_SAMPLES, len(piece) // 2)
    share = np.ones(len(piece), np.float32)
    if ramp:
        rise = np.sin(np.linspace(0, np.pi / 2, ramp)).astype(np.float32)
        share[:ramp], share[-ramp:] = rise, rise[::-1]
    under = samples[at : at + len(piece)]
    under *= np.sqrt(1 - share * share)
    under += share * piece


def _surround(
    samples: Waveform, rng: np.random.Generator, config: StreamConfig, talk: Waveform | None
) -> Waveform:
    """``samples`` with noise and talk, as they happen to be there."""
    if rng.random() < config.noise_probability:
        noises = make_noises(0)
        noise = noises[rng.integers(len(noises))]
        samples = mix(
            samples,
            loop(noise, int(rng.integers(len(noise))), len(samples)),
            rng.uniform(*config.noise_snr_db_range),
        )
    if talk is not None and len(talk) and rng.random() < config.talk_probability:
        power = float(np.sqrt(np.mean(np.square(talk)))) or 1.0
        voice = loop(talk / np.float32(power), int(rng.integers(len(talk))), len(samples))
        samples = mix(samples, voice, rng.uniform(*config.talk_snr_db_range))
    return np.clip(samples, -1, 1).astype(np.float32)
