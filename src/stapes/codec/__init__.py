"""Weights to bits and back, as section 6 of ``spec/format.md`` describes them."""

from stapes.codec.contract import Codec
from stapes.codec.floating import Float16, Float32
from stapes.codec.registry import CODECS, by_name
from stapes.codec.uniform import Uniform
from stapes.codec.unsigned import Unsigned

__all__ = ["CODECS", "Codec", "Float16", "Float32", "Uniform", "Unsigned", "by_name"]
