"""Products of int8 levels with int8 activations: section 2 of ``spec/numerics.md``.

Letters: R rows, C columns.
"""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from stapes.errors import FormatError

_LARGEST_PRODUCT = 127 * 127
MOST_COLUMNS = 2**17
"""So that no sum leaves int32."""


@final
class Matrix:
    """Levels that are multiplied exactly.

    They are held as floats, so that NumPy uses a fast product: every partial sum is a whole number that the float type
    holds exactly, whatever the order.

    Args:
        levels: [R, C] int8, -127 to 127.

    Raises:
        FormatError: there are more than ``MOST_COLUMNS`` columns.
    """

    def __init__(self, levels: NDArray[np.int8]) -> None:
        columns = levels.shape[1]
        if columns > MOST_COLUMNS:
            raise FormatError(
                f"integer arithmetic: a matrix has {columns} columns; {MOST_COLUMNS} are accepted"
            )
        exact = np.float32 if columns * _LARGEST_PRODUCT < 2**24 else np.float64
        self._levels: NDArray[Any] = levels.astype(exact)

    def __call__(self, x: NDArray[np.integer]) -> NDArray[np.int64]:
        """The accumulators [..., R] of ``x`` [..., C], -127 to 127."""
        products: NDArray[np.int64] = (x.astype(self._levels.dtype) @ self._levels.T).astype(np.int64)
        return products
