"""Weights to bits and back, as ``spec/codecs.md`` describes them."""

from stapes.codec.contract import Codec, described
from stapes.codec.dense import Dense
from stapes.codec.fitting import Grid, fit
from stapes.codec.floating import Float16, Float32
from stapes.codec.integers import IntegerCodec, Integers
from stapes.codec.registry import CODECS, by_name
from stapes.codec.sparse import Sparse
from stapes.codec.uniform import Uniform
from stapes.codec.unsigned import Unsigned

__all__ = [
    "CODECS",
    "Codec",
    "Dense",
    "Float16",
    "Float32",
    "Grid",
    "IntegerCodec",
    "Integers",
    "Sparse",
    "Uniform",
    "Unsigned",
    "by_name",
    "described",
    "fit",
]
