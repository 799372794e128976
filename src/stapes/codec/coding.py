"""Codes of a tensor as a section: packed into bits, or entropy-coded where that is shorter (spec/codecs.md, 4).

Shape letter: N codes.
"""

import numpy as np
from numpy.typing import NDArray

from stapes.codec import entropy, stream
from stapes.codec.stream import Codes
from stapes.errors import FormatError

_CODES_PER_SYMBOL = {1: 8, 2: 4, 3: 2, 4: 2, 6: 1, 8: 1}


def section(codes: Codes, lengths: NDArray[np.int64], bits: int, coded: int) -> bytes:
    """The section of ``codes`` [N] in runs of ``lengths``; entropy-coded if ``coded`` and worth it."""
    plain = stream.pack(codes, lengths, bits)
    if not coded or not plain:
        return plain
    least = entropy.coded_lengths(len(plain)).start
    short = entropy.encode(_symbols(codes, bits), _alphabet(bits), least)
    return short if len(short) < len(plain) and len(short) in entropy.coded_lengths(len(plain)) else plain


def codes(data: bytes | memoryview, lengths: NDArray[np.int64], bits: int, coded: int, where: str) -> Codes:
    """The codes [N] of a section.

    Args:
        data: the section.
        lengths: of the runs.
        bits: of a code.
        coded: whether the section may be entropy-coded.
        where: codec and section, the beginning of an error.

    Raises:
        FormatError: the section has a wrong length or is not what a writer gives.
    """
    plain = int(stream.run_bytes(lengths, bits).sum())
    if len(data) == plain:
        return stream.unpack(data, lengths, bits)
    if not coded or len(data) not in entropy.coded_lengths(plain):
        raise FormatError(f"{where} has {len(data)} bytes; {plain} are accepted for its codes")
    count, per_symbol = int(lengths.sum()), _CODES_PER_SYMBOL[bits]
    try:
        symbols = entropy.decode(data, -(-count // per_symbol), _alphabet(bits))
    except FormatError as error:
        raise FormatError(f"{where} is {error}") from None
    return _codes(symbols, bits)[:count]


def _alphabet(bits: int) -> int:
    return int(2 ** (bits * _CODES_PER_SYMBOL[bits]))


def _symbols(codes: Codes, bits: int) -> Codes:
    """Neighbouring codes as one symbol, the first in the lowest bits; zeros fill up the last."""
    count = _CODES_PER_SYMBOL[bits]
    symbols = np.zeros(-(-len(codes) // count), np.uint8)
    for place in range(count):
        part = codes[place::count]
        symbols[: len(part)] |= part << np.uint8(place * bits)
    return symbols


def _codes(symbols: Codes, bits: int) -> Codes:
    count = _CODES_PER_SYMBOL[bits]
    if count == 1:
        return symbols
    shifts = np.arange(count, dtype=np.uint8) * np.uint8(bits)
    return ((symbols[:, np.newaxis] >> shifts) & np.uint8(2**bits - 1)).reshape(-1)
