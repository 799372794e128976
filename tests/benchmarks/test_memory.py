"""What a recogniser has heard is kept."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import systems
from benchmarks.memory import Memory
from stapes.corpus import Utterance

WORKER = """
import json, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    with open(sys.argv[1], "a") as log:
        log.write(line)
    print(json.dumps({"text": f"take {json.loads(line)['start']}", "seconds": 0.25}), flush=True)
"""


@pytest.fixture
def system(tmp_path: Path) -> systems.System:
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    return systems.System("fake", Path(sys.executable), str(worker), (str(tmp_path / "log"),))


def recording(path: Path, level: float, start: float = 0.0) -> Utterance:
    soundfile.write(path, np.full(1600, level), 16_000)
    return Utterance(path.stem, path, "", 0.1, start=start)


def asked(folder: Path) -> int:
    log = folder / "log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_recording_is_heard_once_wherever_it_lies(tmp_path: Path, system: systems.System) -> None:
    kept = tmp_path / "kept.jsonl"
    with Memory(kept).listening(system) as hear:
        first = hear(recording(tmp_path / "a.wav", 0.25))
        assert hear(recording(tmp_path / "b.wav", 0.25)) == first
    with Memory(kept).listening(system) as hear:
        assert hear(recording(tmp_path / "c.wav", 0.25)) == first == systems.Heard("take 0.0", 0.25)
    assert asked(tmp_path) == 1


def test_another_sound_another_stretch_and_another_system_are_asked(
    tmp_path: Path, system: systems.System
) -> None:
    memory = Memory(tmp_path / "kept.jsonl")
    with memory.listening(system) as hear:
        hear(recording(tmp_path / "a.wav", 0.25))
        hear(recording(tmp_path / "b.wav", 0.5))
        assert hear(recording(tmp_path / "a.wav", 0.25, start=0.01)).text == "take 0.01"
    other = systems.System("other", system.python, system.worker, system.arguments)
    with memory.listening(other) as hear:
        hear(recording(tmp_path / "a.wav", 0.25))
    assert asked(tmp_path) == 4


def test_half_a_line_at_the_end_is_forgotten(tmp_path: Path, system: systems.System) -> None:
    kept = tmp_path / "kept.jsonl"
    utterances = [recording(tmp_path / f"{level}.wav", level) for level in (0.25, 0.5)]
    with Memory(kept).listening(system) as hear:
        whole = [hear(utterance) for utterance in utterances]
    kept.write_text(kept.read_text()[:-5])
    with Memory(kept).listening(system) as hear:
        assert [hear(utterance) for utterance in utterances] == whole
    assert asked(tmp_path) == 3
    with Memory(kept).listening(system) as hear:
        assert [hear(utterance) for utterance in utterances] == whole
    assert asked(tmp_path) == 3
