"""What electronics and codecs do to a waveform: clipping, companding, quantisation, resampling, lossy coding.

Every function keeps the number of samples and the alignment. Letters of shapes: N samples.
"""

import functools
import io
import math

import numpy as np
import soundfile
import soxr

from stapes.corpus.augment.levels import Waveform
from stapes.units import SAMPLE_RATE_HZ

_NARROW_HZ = 8_000
_MU = 255
_MU_CODES = 127
# Format, subtype, sample rate and, from 0 to 1, how hard the encoder squeezes.
_FILE_FORMATS: dict[str, tuple[str, str, int, float | None]] = {
    "opus": ("OGG", "OPUS", SAMPLE_RATE_HZ, 0.98),
    "vorbis": ("OGG", "VORBIS", SAMPLE_RATE_HZ, 1.0),
    "mp3": ("MP3", "MPEG_LAYER_III", SAMPLE_RATE_HZ, 0.95),
    "gsm": ("WAV", "GSM610", _NARROW_HZ, None),
}
_CODEC_PEAK = 0.5


def overdrive(waveform: Waveform, drive_db: float) -> Waveform:
    """``waveform`` [N] with its peaks cut off ``drive_db`` below the highest one."""
    ceiling = _peak(waveform) * 10 ** (-drive_db / 20)
    clipped: Waveform = np.clip(waveform, -ceiling, ceiling)
    return clipped


def mu_law(waveform: Waveform) -> Waveform:
    """``waveform`` [N] through 8-bit µ-law companding (G.711); values beyond ±1 are clipped."""
    indices = np.rint(np.clip(waveform, -1, 1) * np.float32(32767)).astype(np.int32) + 32768
    companded: Waveform = _mu_law_table()[indices]
    return companded


def quantise(waveform: Waveform, bits: int) -> Waveform:
    """``waveform`` [N] rounded to ``bits`` bits over the range of its own peaks."""
    peak = _peak(waveform)
    if peak == 0:
        return waveform
    step = np.float32(peak / (2 ** (bits - 1) - 1))
    rounded: Waveform = np.rint(waveform / step) * step
    return rounded


def narrowband(waveform: Waveform) -> Waveform:
    """``waveform`` [N] resampled to 8 kHz and back."""
    narrow = soxr.resample(waveform, SAMPLE_RATE_HZ, _NARROW_HZ, "HQ")
    return _fit(soxr.resample(narrow, _NARROW_HZ, SAMPLE_RATE_HZ, "HQ"), len(waveform))


def lossy(waveform: Waveform, codec: str) -> Waveform:
    """``waveform`` [N] encoded and decoded by ``codec`` (a name of ``FILE_CODECS``) at low quality."""
    peak = _peak(waveform)
    if peak == 0:
        return waveform
    container, subtype, rate_hz, squeeze = _FILE_FORMATS[codec]
    scale = np.float32(_CODEC_PEAK / peak)
    source = waveform * scale
    if rate_hz != SAMPLE_RATE_HZ:
        source = soxr.resample(source, SAMPLE_RATE_HZ, rate_hz, "HQ")
    file = io.BytesIO()
    soundfile.write(file, source, rate_hz, format=container, subtype=subtype, compression_level=squeeze)
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    if rate_hz != SAMPLE_RATE_HZ:
        decoded = soxr.resample(decoded, rate_hz, SAMPLE_RATE_HZ, "HQ")
    return _fit(decoded, len(waveform)) / scale


def _peak(waveform: Waveform) -> float:
    return float(np.abs(waveform).max(initial=0))


def _fit(waveform: Waveform, length: int) -> Waveform:
    """The first ``length`` samples, with zeros where there are fewer."""
    if len(waveform) >= length:
        return waveform[:length]
    padded = np.zeros(length, dtype=np.float32)
    padded[: len(waveform)] = waveform
    return padded


@functools.cache
def _mu_law_table() -> Waveform:
    """What each of 65536 sample values becomes, from -32768 upwards."""
    values = np.maximum(np.arange(-32768, 32768) / 32767, -1)
    companded = np.sign(values) * np.log1p(_MU * np.abs(values)) / math.log1p(_MU)
    code = np.rint(companded * _MU_CODES) / _MU_CODES
    expanded: Waveform = np.sign(code) * np.expm1(np.abs(code) * math.log1p(_MU)) / _MU
    return expanded.astype(np.float32)
