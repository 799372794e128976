"""Work that begins before it is sure that the user has finished, and is thrown away if not.

    python examples/speculative_work.py command.wav

Looking something up takes time; setting it off early hides that time from the user. What is looked up must have no
side effects: it is void if the user goes on. Only what was confirmed takes effect.
"""

import sys
from concurrent.futures import Future, ThreadPoolExecutor

from stapes.audio import AudioReader
from stapes.session import Confirmed, Event, Recognizer, Reset, Session, Speculative


def look_up(text: str) -> str:
    """Stands for a query or a plan: it reads, and changes nothing."""
    return f"would do: {text}"


class Assistant:
    """Keeps at most one piece of speculative work."""

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(max_workers=1)
        self._work: Future[str] | None = None

    def hear(self, event: Event) -> None:
        """Begin, throw away or carry out."""
        if isinstance(event, Speculative):  # and Revised, which is one after a reset
            self._work = self._workers.submit(look_up, event.transcript.text)
            print(f"{event.time:6.2f} s  begun: {event.transcript.text}")
        elif isinstance(event, Reset) and self._work is not None:
            self._work.cancel()
            self._work = None
            print(f"{event.time:6.2f} s  thrown away")
        elif isinstance(event, Confirmed) and self._work is not None:
            print(f"{event.time:6.2f} s  {self._work.result()}")
            self._work = None


def main(path: str) -> None:
    """Hear the recording at ``path``."""
    session, assistant = Session(Recognizer()), Assistant()
    for block in AudioReader(path, block_seconds=0.1):
        for event in session.accept(block):
            assistant.hear(event)
    for event in session.finish():
        assistant.hear(event)


if __name__ == "__main__":
    main(sys.argv[1])
