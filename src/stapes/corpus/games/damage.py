"""Damaged files of a game: what reading them raises, told in one sentence."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from stapes.errors import AudioError, CorpusError


@contextmanager
def told(path: Path, package: str, part: str = "the file") -> Iterator[None]:
    """Raise a CorpusError for what reading a damaged file raises: a number, name or sound that cannot be there.

    Args:
        path: the file.
        package: the Debian package that brings it.
        part: what in the file is being read.
    """
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"{error.filename or path}: cannot be read ({error.strerror}); "
            f"the file of the Debian package {package} is expected"
        ) from None
    except (struct.error, LookupError, ValueError, AudioError, soundfile.LibsndfileError):
        raise CorpusError(
            f"{path}: {part} is damaged or of another version; "
            f"the file of the Debian package {package} is expected"
        ) from None


def cut(data: bytes, start: int, size: int) -> bytes:
    """``size`` bytes of ``data`` from ``start`` on.

    Raises:
        ValueError: not all of them are there.
    """
    if not 0 <= start <= start + size <= len(data):
        raise ValueError(f"bytes {start} to {start + size} are wanted of {len(data)}")
    return data[start : start + size]
