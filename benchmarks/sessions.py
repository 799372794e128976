"""A thousand sessions one after another and fifty at once: is memory flat, and is every result that of one alone?"""

import gc
import os
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import manifests
from benchmarks.record import record, results_option
from stapes import audio
from stapes.engine import find_model
from stapes.session import Event, Recognizer, Session
from stapes.units import SAMPLE_RATE_HZ

CHUNK_SAMPLES = 1_600
RECORDINGS = 10
LONGEST_SECONDS = 1.5
IDLE_SESSIONS = 200
Sound = NDArray[np.float32]


@click.command("sessions")
@manifests.data_option
@click.option("--sessions", default=1_000, show_default=True, type=click.IntRange(10), help="One by one.")
@click.option("--together", default=50, show_default=True, type=click.IntRange(2), help="At once.")
@results_option
def main(data: Path, sessions: int, together: int, results: Path) -> None:
    """Hear short recordings of dev-an4 again and again."""
    short = [each for each in manifests.load(data, "dev-an4") if each.duration <= LONGEST_SECONDS]
    sounds = [audio.read(each.audio, SAMPLE_RATE_HZ) for each in manifests.thin(short, RECORDINGS)]
    recognizer = Recognizer()
    alone = [_events(Session(recognizer), sound) for sound in sounds]
    facts = {
        "recordings": len(sounds),
        **_one_by_one(recognizer, sounds, alone, sessions),
        **_together(recognizer, sounds, alone, together),
        "idle_session_bytes": _idle_bytes(recognizer),
    }
    record("sessions", facts, model=find_model(None), folder=results)


def _events(session: Session, sound: Sound) -> list[Event]:
    return [event for chunk in _chunks(sound) for event in session.accept(chunk)] + session.finish()


def _chunks(sound: Sound) -> Iterator[Sound]:
    for start in range(0, len(sound), CHUNK_SAMPLES):
        yield sound[start : start + CHUNK_SAMPLES]


def _one_by_one(
    recognizer: Recognizer, sounds: Sequence[Sound], alone: Sequence[list[Event]], sessions: int
) -> dict[str, Any]:
    """Resident memory after each tenth of the sessions, and how many told something else than alone."""
    resident, different = [], 0
    with click.progressbar(range(sessions), label="one by one", file=sys.stderr) as progress:
        for index in progress:
            place = index % len(sounds)
            different += _events(Session(recognizer), sounds[place]) != alone[place]
            if (index + 1) % (sessions // 10) == 0:
                gc.collect()
                resident.append(_resident_bytes())
    return {
        "sessions": sessions,
        "resident_bytes": resident,
        "growth_bytes": resident[-1] - resident[0],
        "different": different,
    }


def _together(
    recognizer: Recognizer, sounds: Sequence[Sound], alone: Sequence[list[Event]], together: int
) -> dict[str, Any]:
    """Sessions that hear their chunks in turn; what one takes while it hears, by what Python allocates."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    running = [Session(recognizer) for _ in range(together)]
    told: list[list[Event]] = [[] for _ in running]
    chunks = [list(_chunks(sounds[index % len(sounds)])) for index in range(together)]
    active = 0
    for step in range(max(map(len, chunks))):
        for session, events, own in zip(running, told, chunks, strict=True):
            if step < len(own):
                events += session.accept(own[step])
        active = max(active, tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    for session, events in zip(running, told, strict=True):
        events += session.finish()
    different = sum(events != alone[index % len(sounds)] for index, events in enumerate(told))
    return {
        "together": together,
        "active_session_bytes": round(active / together),
        "different_together": different,
    }


def _idle_bytes(recognizer: Recognizer) -> int:
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    waiting = [Session(recognizer) for _ in range(IDLE_SESSIONS)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round((after - before) / len(waiting))


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
