"""Parts that a packed model may have beside its network: each a table of the metadata, checked once."""

from collections.abc import Mapping
from typing import Any, TypeVar

from stapes import config
from stapes.errors import ConfigError, FormatError

Settings = TypeVar("Settings")


def read_optional(metadata: Mapping[str, Any], name: str, kind: type[Settings]) -> Settings | None:
    """The table ``name`` of ``metadata`` as a ``kind``; None where there is none.

    Raises:
        FormatError: the table is no ``kind``.
    """
    table = metadata.get(name)
    if table is None:
        return None
    try:
        return config.build(kind, table, f"packed model: metadata: {name}")
    except ConfigError as error:
        raise FormatError(str(error)) from None
