"""What a slow recogniser has heard, kept in a file, so that a run that was cut goes on where it stopped.

A line of the file is ``{"key": ..., "text": ..., "seconds": ...}``. The key stands for the recogniser and the bytes of
the recording, wherever it lies.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from benchmarks import systems
from stapes.corpus import Utterance


class Memory:
    """The answers in the file ``path``, which is made with the first of them.

    Meant for recognisers that stay as they are: a change of their program is not noticed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        # A run that was killed can have left half a line at the end.
        entries = [json.loads(line) for line in lines if line.endswith("\n")]
        self._known = {entry["key"]: systems.Heard(entry["text"], entry["seconds"]) for entry in entries}
        if lines and not lines[-1].endswith("\n"):
            path.write_text("".join(lines[:-1]), encoding="utf-8")

    @contextmanager
    def listening(self, system: systems.System) -> Iterator[systems.Listener]:
        """As ``systems.listening``, but ``system`` is only asked, and started, for what is not known."""
        with ExitStack() as stack:
            start = cache(lambda: stack.enter_context(systems.listening(system)))

            def hear(utterance: Utterance) -> systems.Heard:
                key = _key(system, utterance)
                if key not in self._known:
                    self._learn(key, start()(utterance))
                return self._known[key]

            yield hear

    def _learn(self, key: str, heard: systems.Heard) -> None:
        self._known[key] = heard
        line = json.dumps({"key": key, "text": heard.text, "seconds": heard.seconds}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _key(system: systems.System, utterance: Utterance) -> str:
    content = hashlib.sha256(utterance.audio.read_bytes()).hexdigest()
    facts = [system.name, *system.arguments, content, utterance.start, utterance.duration]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
