"""What the first and last bytes of a sound file say, beyond what libsndfile reports.

libsndfile silently shortens a WAV or Ogg file that was cut off; this file finds such cuts, and names
what is wrong in a WAV header. Layouts: RIFF/WAVE and RF64 (EBU Tech 3306), RFC 3533 section 6 (Ogg
pages), RFC 9639 section 8.2 (FLAC), ID3v2.4 section 3.1, the Xing/Info and VBRI headers of MPEG layer III.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

UNKNOWN_SIZE = 0xFFFFFFFF  # what programs that write into a pipe leave in a size field
OGG_LAST_PAGE = 0x04
OGG_MAX_PAGE_BYTES = 27 + 255 + 255 * 255
ID3_HEADER_BYTES = 10


@dataclass(frozen=True)
class Container:
    """What is known about a file from its container alone.

    Args:
        kind: ``wav``, ``flac``, ``ogg``, ``mp3``, or ``unknown``.
        channels: what a WAV header declares, if it is there.
        sample_rate_hz: what a WAV header declares, if it is there.
        cut_off: the end of the file is missing.
        length_is_known: the number of samples in the header can be trusted.
    """

    kind: str
    channels: int | None = None
    sample_rate_hz: int | None = None
    cut_off: bool = False
    length_is_known: bool = True


def inspect(path: Path) -> Container:
    """Look at the container of the regular file at ``path``; OSError where it cannot be opened."""
    with path.open("rb") as file:
        size_bytes = path.stat().st_size
        start = file.read(12)
        if start[:4] in (b"RIFF", b"RIFX", b"RF64") and b"WAVE".startswith(start[8:12]):
            return _inspect_wav(file, size_bytes, ">" if start[:4] == b"RIFX" else "<")
        if start[:4] == b"OggS":
            return Container("ogg", cut_off=not _ends_with_last_page(file, size_bytes))
        if start[:4] == b"fLaC":
            return Container("flac", length_is_known=_has_flac_length(file))
        if _is_mp3(start):
            return Container("mp3", length_is_known=_has_mp3_length(file, start))
    return Container("unknown")


def _inspect_wav(file: BinaryIO, size_bytes: int, order: str) -> Container:
    channels = sample_rate_hz = None
    long_data_bytes = UNKNOWN_SIZE
    position = 12
    while position + 8 <= size_bytes:
        file.seek(position)
        name, chunk_bytes = struct.unpack(f"{order}4sI", file.read(8))
        position += 8
        if name == b"ds64" and position + 16 <= size_bytes:
            _, long_data_bytes = struct.unpack("<QQ", file.read(16))
        if name == b"fmt " and position + 8 <= size_bytes:
            _, channels, sample_rate_hz = struct.unpack(f"{order}HHI", file.read(8))
        if name == b"data":
            promised_bytes = long_data_bytes if chunk_bytes == UNKNOWN_SIZE else chunk_bytes
            cut_off = promised_bytes != UNKNOWN_SIZE and position + promised_bytes > size_bytes
            return Container("wav", channels, sample_rate_hz, cut_off)
        position += chunk_bytes + chunk_bytes % 2
    return Container("wav", channels, sample_rate_hz, cut_off=True)


def _ends_with_last_page(file: BinaryIO, size_bytes: int) -> bool:
    tail_start = max(0, size_bytes - OGG_MAX_PAGE_BYTES)
    file.seek(tail_start)
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return False
    page_bytes = 27 + page[26] + sum(page[27 : 27 + page[26]])
    return len(page) >= page_bytes and bool(page[5] & OGG_LAST_PAGE)


def _has_flac_length(file: BinaryIO) -> bool:
    file.seek(21)  # in STREAMINFO: the low four bits of this byte and the next four bytes
    length = file.read(5)
    return len(length) == 5 and bool(length[0] & 0x0F or any(length[1:]))


def _is_mp3(start: bytes) -> bool:
    is_layer_3 = len(start) > 1 and start[0] == 0xFF and start[1] & 0xE6 == 0xE2
    return start[:3] == b"ID3" or is_layer_3


def _has_mp3_length(file: BinaryIO, start: bytes) -> bool:
    frame_start = 0
    if start[:3] == b"ID3" and len(start) >= ID3_HEADER_BYTES:
        a, b, c, d = start[6:10]
        frame_start = ID3_HEADER_BYTES + (a << 21 | b << 14 | c << 7 | d)
    file.seek(frame_start)
    first_frame = file.read(64)
    return any(name in first_frame for name in (b"Xing", b"Info", b"VBRI"))
