"""The packed model: one ``.stapes`` file that holds all of a recogniser, as ``spec/format.md`` describes."""

from stapes.format.layout import Entry, Section
from stapes.format.reader import PackedModel, read, read_lazily
from stapes.format.writer import pack, write

__all__ = ["Entry", "PackedModel", "Section", "pack", "read", "read_lazily", "write"]
