"""Codecs by the name that a packed model stores."""

from collections.abc import Mapping
from typing import Any

from stapes import config
from stapes.codec.contract import Codec
from stapes.codec.dense import Dense
from stapes.codec.floating import Float16, Float32
from stapes.codec.sparse import Sparse
from stapes.codec.uniform import Uniform
from stapes.codec.unsigned import Unsigned
from stapes.errors import ConfigError, FormatError

CODECS: Mapping[str, type[Codec]] = {
    codec.name: codec for codec in (Dense, Float16, Float32, Sparse, Uniform, Unsigned)
}


def by_name(name: str, parameters: Mapping[str, Any]) -> Codec:
    """The codec called ``name`` with ``parameters``, both as a packed model stores them.

    Raises:
        FormatError: no codec has this name, or a parameter is unknown or not accepted.
    """
    if name not in CODECS:
        raise FormatError(f"codec '{name}' is unknown; {', '.join(sorted(CODECS))} are accepted")
    try:
        return config.build(CODECS[name], parameters, f"codec '{name}'")
    except ConfigError as error:
        raise FormatError(str(error)) from None
