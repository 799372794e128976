"""What ``dense`` and ``sparse`` share: parameters, the shape as a matrix, scales and code book.

Shape letters: R rows (first axis), C columns (all other axes flattened).
"""

import math

import numpy as np
from numpy.typing import NDArray

from stapes.codec import fitting
from stapes.codec.contract import Sections, check_weights, exactly
from stapes.codec.integers import (
    BITS,
    CODEBOOK_BITS,
    IntegerCodec,
    Integers,
    check_codebook,
    check_levels,
    check_scales,
)
from stapes.errors import ConfigError, FormatError


def check_parameters(codec: IntegerCodec) -> None:
    """Refuse other bits than 2, 3, 4, 6 and 8, and flags that are neither 0 nor 1."""
    for name, value in codec.parameters().items():
        accepted = BITS if name == "bits" else (0, 1)
        if value not in accepted:
            *some, last = map(str, accepted)
            raise ConfigError(f"{codec.name}: {name} is {value}; {', '.join(some)} and {last} are accepted")


def matrix(codec: IntegerCodec, shape: tuple[int, ...]) -> tuple[int, int]:
    """R and C of a tensor of ``shape``."""
    if not shape or not math.prod(shape):
        raise FormatError(
            f"{codec.name}: at least one axis and one weight are accepted, got shape {list(shape)}"
        )
    return shape[0], math.prod(shape[1:])


def quantise(codec: IntegerCodec, array: NDArray[np.float32]) -> Integers:
    """The integers nearest to ``array``."""
    matrix(codec, array.shape)
    check_weights(codec, array, fitting.LARGEST_WEIGHT)
    return fitting.quantise(array, codec.bits)


def section_bytes(codec: IntegerCodec, rows: int) -> dict[str, range]:
    """The sections for scales and, where codes need one, the code book."""
    codebook = {"codebook": exactly(2**codec.bits)} if codec.bits <= CODEBOOK_BITS else {}
    return {"scales": exactly(4 * rows), **codebook}


def sections(integers: Integers) -> dict[str, bytes]:
    """Scales and code book as bytes."""
    codebook = {} if integers.codebook is None else {"codebook": integers.codebook.tobytes()}
    return {"scales": integers.scales.astype("<f4").tobytes(), **codebook}


def read_integers(
    codec: IntegerCodec,
    codes: NDArray[np.uint8],
    shape: tuple[int, ...],
    sections: Sections,
    kept: NDArray[np.bool_] | None = None,
) -> Integers:
    """The integers of ``codes`` [R, C] with the scales and the code book in ``sections``; checked and read-only.

    Where ``kept`` [R, C] is given and False, the level is 0 whatever the code.
    """
    scales, codebook = _read(codec, sections)
    if codebook is None:
        shift = 8 - codec.bits
        levels = np.left_shift(codes, shift).view(np.int8) >> shift
        check_levels(codec, levels)
    else:
        levels = codebook[codes]
        codebook.flags.writeable = False
    if kept is not None:
        levels *= kept
    levels = levels.reshape(shape)
    for array in (levels, scales):
        array.flags.writeable = False
    return Integers(levels, scales, codec.bits, codebook)


def _read(codec: IntegerCodec, sections: Sections) -> tuple[NDArray[np.float32], NDArray[np.int8] | None]:
    """Scales and code book, checked."""
    scales = np.frombuffer(sections["scales"], "<f4").astype(np.float32)
    check_scales(codec, scales)
    if codec.bits > CODEBOOK_BITS:
        return scales, None
    codebook = np.frombuffer(sections["codebook"], np.int8).copy()
    check_codebook(codec, codebook)
    return scales, codebook
