"""Whether a long call of compiled code hears Ctrl-C, tried in a process of its own."""

import subprocess
import sys

_SCRIPT = """
import os, signal, sys, threading, time
import numpy as np
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
{prepare}

def seconds(count):
    begin = time.process_time()
    try:
        {call}
    except KeyboardInterrupt:
        pass
    return time.process_time() - begin

short = seconds({count})
threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
print(seconds(100 * {count}) < 50 * short)
"""


def assert_interrupted(prepare: str, call: str, count: int, *arguments: str) -> None:
    """Fail unless ``call``, which works in proportion to ``count``, ends early where it is interrupted.

    Args:
        prepare: lines of Python before it; ``arguments`` are in ``sys.argv[1:]``.
        count: for about 20 ms of work.
    """
    script = _SCRIPT.format(prepare=prepare, call=call, count=count)
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n", done.stderr
