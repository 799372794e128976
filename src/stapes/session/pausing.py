"""What stands in for an end-pointer in a model that has none: utterances end by their pauses alone."""

import numpy as np

from stapes.engine.endpointing import SCALARS, Endpointing, Point

# Never reached: nothing is learned, so the probability is one half.
_NEVER = 0.99

POINTS = {
    name: Point(_NEVER, _NEVER, longest_pause_ms=longest_pause_ms)
    for name, longest_pause_ms in (("fast", 700), ("normal", 1_000), ("patient", 2_000))
}


def pauses_alone(joint: int) -> Endpointing:
    """For a model whose joint is ``joint`` wide: a speculation and an end after 0.7, 1 or 2 s without a word."""
    inputs, gates = np.zeros(SCALARS + 1, np.float32), np.zeros(3, np.float32)
    return Endpointing(
        completeness=gates[:1],
        completeness_bias=0.0,
        projection=np.zeros((1, joint), np.float32),
        mean=inputs,
        scale=inputs,
        input_weight=np.zeros((3, SCALARS + 1), np.float32),
        input_bias=gates,
        recurrent_weight=gates[:, np.newaxis],
        recurrent_bias=gates,
        output_weight=gates[:1],
        output_bias=0.0,
        points=POINTS,
    )
