"""A lossless order-0 coder for bytes: rANS, many lanes side by side, so that NumPy decodes whole arrays at once.

After Duda, "Asymmetric numeral systems" (2013), arXiv 1311.2540, and Giesen, "Interleaved entropy coders" (2014), arXiv
1402.3392. The layout is section 4 of ``spec/codecs.md``.
Letters: N symbols, A size of the alphabet, K lanes, M sum of the frequencies.
"""

import numpy as np
from numpy.typing import NDArray

from stapes.errors import FormatError

PROBABILITY_BITS = 14
M = 1 << PROBABILITY_BITS
LEAST_STATE = 1 << 16
WORD_BITS = 16
SYMBOLS_PER_LANE = 512
MOST_LANES = 1024
# What is stored may grow to four times its length, so that a small file cannot ask for much memory.
MOST_GROWTH = 4

# Steps from the frequencies that occur to almost equal ones, and what the length of a coded form is rounded by at most.
_FLATTENINGS = 32
_ROUNDING_BYTES = 64

Symbols = NDArray[np.uint8]


def coded_lengths(plain_bytes: int) -> range:
    """The lengths that a section may have whose plain form has ``plain_bytes``: exactly as many is the plain form."""
    return range(-(-plain_bytes // MOST_GROWTH), plain_bytes + 1)


def lanes(count: int) -> int:
    """K for ``count`` symbols: the largest power of two up to a 512th of them, from 1 to 1024."""
    return 1 << min(max(count // SYMBOLS_PER_LANE, 1).bit_length() - 1, MOST_LANES.bit_length() - 1)


def encode(symbols: Symbols, alphabet: int, least_bytes: int = 0) -> bytes:
    """The coded form of ``symbols`` [N], each below ``alphabet``; N is 1 or more.

    Where it would have less than ``least_bytes`` frequencies are flattened until it has as many.
    """
    frequencies = _frequencies(np.bincount(symbols, minlength=alphabet), least_bytes)
    starts = np.cumsum(frequencies) - frequencies
    states, words = _push(symbols, frequencies.astype(np.uint64), starts.astype(np.uint64))
    return b"".join(
        [frequencies.astype("<u2").tobytes(), states.astype("<u4").tobytes(), words.astype("<u2").tobytes()]
    )


def decode(data: bytes | memoryview, count: int, alphabet: int) -> Symbols:
    """The ``count`` symbols in the coded form ``data``; five bytes a symbol are needed for a while.

    Raises:
        FormatError: ``data`` is no coded form of as many symbols.
    """
    width = lanes(count)
    head = 2 * alphabet + 4 * width
    if len(data) < head or len(data) % 2:
        raise FormatError(
            f"coded with {len(data)} bytes; an even number from {head} up is accepted for {count} symbols"
        )
    frequencies = np.frombuffer(data, "<u2", alphabet).astype(np.uint32)
    if frequencies.sum() != M:
        raise FormatError(f"coded with frequencies that sum up to {frequencies.sum()}; {M} is accepted")
    states = np.frombuffer(data, "<u4", width, 2 * alphabet).astype(np.uint32)
    if states.min() < LEAST_STATE:
        raise FormatError(f"coded with a first state of {states.min()}; {LEAST_STATE} and more are accepted")
    slots = _pop(states, np.frombuffer(data, "<u2", offset=head), frequencies, count)
    return np.repeat(np.arange(alphabet, dtype=np.uint8), frequencies).take(slots)


def _frequencies(counts: NDArray[np.int64], least_bytes: int) -> NDArray[np.int64]:
    """[A] frequencies for symbols that occur ``counts`` [A] times, with which they take ``least_bytes`` or more."""
    total, head_bytes = int(counts.sum()), 2 * len(counts) + 4 * lanes(int(counts.sum()))
    occurring = counts > 0
    for flat in range(_FLATTENINGS):
        share = flat * total // (_FLATTENINGS - flat) // len(counts)
        frequencies = _normalised(counts + share)
        bits = -float(np.dot(counts[occurring], np.log2(frequencies[occurring] / M)))
        if head_bytes + bits / 8 >= least_bytes + _ROUNDING_BYTES * bool(least_bytes):
            break
    return frequencies


def _normalised(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """[A] frequencies that sum up to M, at least 1 for each symbol that occurs."""
    frequencies = np.where(counts > 0, np.maximum(counts * M // counts.sum(), 1), 0)
    while (excess := int(frequencies.sum()) - M) != 0:
        largest = int(frequencies.argmax())
        frequencies[largest] -= np.sign(excess) * min(abs(excess), max(frequencies[largest] // 8, 1))
    return frequencies


def _push(
    symbols: Symbols, frequencies: NDArray[np.uint64], starts: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The states that a decoder begins with and the words that it reads; coding runs backwards."""
    width = lanes(len(symbols))
    states = np.full(width, LEAST_STATE, np.uint64)
    words = []
    for begin in range((len(symbols) - 1) // width * width, -1, -width):
        part = symbols[begin : begin + width]
        frequency = frequencies[part]
        state = states[: len(part)]
        full = state >= frequency << np.uint64(32 - PROBABILITY_BITS)
        words.append(state[full] & np.uint64(0xFFFF))
        state[full] >>= np.uint64(WORD_BITS)
        states[: len(part)] = state // frequency * np.uint64(M) + state % frequency + starts[part]
    return states, np.concatenate(words[::-1])


def _pop(
    states: NDArray[np.uint32], words: NDArray[np.uint16], frequencies: NDArray[np.uint32], count: int
) -> NDArray[np.uint16]:
    """[N] places below M, each within the share of its symbol."""
    factors = np.repeat(frequencies, frequencies)
    offsets = np.arange(M, dtype=np.uint32) - np.repeat(np.cumsum(frequencies) - frequencies, frequencies)
    offsets = offsets.astype(np.uint32)
    slots = np.empty(count, np.uint16)
    position = 0
    for begin in range(0, count, len(states)):
        slot = slots[begin : begin + len(states)]
        state = states[: len(slot)]
        np.bitwise_and(state, M - 1, out=slot, casting="unsafe")
        state >>= PROBABILITY_BITS
        state *= factors.take(slot)
        state += offsets.take(slot)
        hungry = np.flatnonzero(state < LEAST_STATE)
        fed = words[position : position + len(hungry)]
        if len(fed) < len(hungry):
            raise FormatError(f"coded with {len(words)} words; more are expected for {count} symbols")
        state[hungry] = (state[hungry] << WORD_BITS) | fed
        position += len(hungry)
    if position != len(words) or (states != LEAST_STATE).any():
        raise FormatError(f"coded with {len(words)} words that do not end where {count} symbols end")
    return slots
