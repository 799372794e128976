"""The order in which a matrix lies in a stream, and codes of a few bits as bytes: section 3 of ``spec/codecs.md``.

Shape letters: R rows, C columns, N codes, b bits of a code. A run is what one row has within one window.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 16
WINDOW = 64
# Unpacking takes some twenty bytes a code; so many runs at once keep that at a few megabytes.
_RUNS_AT_ONCE = 1 << 13

Codes = NDArray[np.uint8]


def window_count(columns: int) -> int:
    """How many windows of 64 columns a row of ``columns`` has; the last may be narrower."""
    return -(-columns // WINDOW)


def row_bytes(columns: int, bits: int) -> int:
    """Bytes of a row of ``columns`` codes of ``bits``."""
    full, rest = divmod(columns, WINDOW)
    return full * WINDOW * bits // 8 + -(-rest * bits // 8)


def run_lengths(rows: int, columns: int) -> NDArray[np.int64]:
    """Columns of each run of a matrix [R, C], in the order of the stream."""
    widths = np.full(window_count(columns), WINDOW)
    widths[-1] = columns - WINDOW * (len(widths) - 1)
    full, rest = divmod(rows, BLOCK_ROWS)
    return np.concatenate([np.tile(np.repeat(widths, BLOCK_ROWS), full), np.repeat(widths, rest)])


def to_stream(matrix: Codes) -> Codes:
    """[R * C] the codes of ``matrix`` [R, C], block by block, in a block window by window, in a window row by row."""
    stream = np.empty(matrix.size, matrix.dtype)
    for place, rows, columns in _pieces(*matrix.shape):
        piece = matrix[rows, columns]
        runs = piece.reshape(len(piece), -1, min(WINDOW, piece.shape[1]))
        stream[place] = runs.transpose(1, 0, 2).reshape(-1)
    return stream


def from_stream(stream: Codes, rows: int, columns: int) -> Codes:
    """[R, C] the matrix of which ``to_stream`` made ``stream`` [R * C]."""
    matrix = np.empty((rows, columns), stream.dtype)
    for place, block, within in _pieces(rows, columns):
        piece = matrix[block, within]
        runs = stream[place].reshape(-1, len(piece), min(WINDOW, piece.shape[1]))
        piece[...] = runs.transpose(1, 0, 2).reshape(piece.shape)
    return matrix


def _pieces(rows: int, columns: int) -> Iterator[tuple[slice, slice, slice]]:
    """Where the windows of equal width of each block lie: in the stream, and by row and column in the matrix."""
    place, full = 0, columns // WINDOW * WINDOW
    for begin in range(0, rows, BLOCK_ROWS):
        end = min(begin + BLOCK_ROWS, rows)
        for first, last in ((0, full), (full, columns)):
            if first < last:
                size = (end - begin) * (last - first)
                yield slice(place, place + size), slice(begin, end), slice(first, last)
                place += size


def run_bytes(lengths: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Bytes of runs of ``lengths`` codes of ``bits``."""
    return -(-lengths * bits // 8)


def pack(codes: Codes, lengths: NDArray[np.int64], bits: int) -> bytes:
    """``codes`` [N] below 2 ** ``bits``, the lowest bit first, each run filled up to a byte with zeros."""
    if bits == 8:
        return codes.tobytes()
    return b"".join(_packed(codes[taken], part, bits) for part, taken, _ in _chunks(lengths, bits))


def unpack(data: bytes | memoryview, lengths: NDArray[np.int64], bits: int) -> Codes:
    """[N] the codes in ``data``, which has as many bytes as ``pack`` gives; what a run is filled up with is ignored."""
    stored = np.frombuffer(data, np.uint8)
    if bits == 8:
        return stored
    codes = np.empty(int(lengths.sum()), np.uint8)
    for part, taken, held in _chunks(lengths, bits):
        flat = np.unpackbits(stored[held], bitorder="little")
        if (part * bits % 8).any():
            flat = flat[_used(part, bits)]
        codes[taken] = np.packbits(flat.reshape(-1, bits), axis=1, bitorder="little")[:, 0]
    return codes


def _packed(codes: Codes, lengths: NDArray[np.int64], bits: int) -> bytes:
    spread = np.unpackbits(codes[:, np.newaxis], axis=1, count=bits, bitorder="little").reshape(-1)
    filled = np.zeros(8 * int(run_bytes(lengths, bits).sum()), np.uint8)
    filled[_used(lengths, bits)] = spread
    return np.packbits(filled, bitorder="little").tobytes()


def _used(lengths: NDArray[np.int64], bits: int) -> NDArray[np.bool_]:
    """Which bits of the bytes of runs belong to a code."""
    used, size = lengths * bits, 8 * run_bytes(lengths, bits)
    return np.repeat(np.tile([True, False], len(lengths)), np.stack([used, size - used], axis=1).reshape(-1))


def _chunks(lengths: NDArray[np.int64], bits: int) -> Iterator[tuple[NDArray[np.int64], slice, slice]]:
    """Some runs at once: their lengths, where their codes lie, and where their bytes do."""
    code = byte = 0
    for begin in range(0, len(lengths), _RUNS_AT_ONCE):
        part = lengths[begin : begin + _RUNS_AT_ONCE]
        next_code, next_byte = code + int(part.sum()), byte + int(run_bytes(part, bits).sum())
        yield part, slice(code, next_code), slice(byte, next_byte)
        code, byte = next_code, next_byte
