"""The same work on many things, in several processes."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def spread(work: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[Iterator[Result]]:
    """What ``work`` makes of each of ``items``, in order; it is sent once to each of ``jobs`` processes."""
    if jobs == 1:
        yield map(work, items)
        return
    # A forked process could inherit a lock that another thread holds; a spawned one starts clean.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, spawn, initializer=_take, initargs=(work,)) as pool:
        yield pool.map(_do, items)


_WORK: list[Callable[[Any], Any]] = []
"""Of a process that is one of several."""


def _take(work: Callable[[Any], Any]) -> None:
    _WORK.append(work)


def _do(item: Any) -> Any:
    return _WORK[0](item)
