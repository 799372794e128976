"""The native library, driven through its C interface; the file is read before the clock starts."""

import ctypes
import json
import sys
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from stapes import audio
from stapes.units import seconds_to_samples

RATE_HZ = 16_000


class _Error(ctypes.Structure):
    _fields_ = (("status", ctypes.c_int), ("text", ctypes.c_char * 1024))


@click.command()
@click.option("--library", type=click.Path(path_type=Path), required=True)
@click.option("--model", type=click.Path(path_type=Path), required=True)
@click.option("--beam", type=int, required=True)
def main(library: Path, model: Path, beam: int) -> None:
    """Answer each line of standard input with a transcript."""
    native = ctypes.CDLL(str(library))
    native.stapes_result_text.restype = ctypes.c_char_p
    opened = ctypes.c_void_p()
    call(native.stapes_model_open, str(model).encode(), ctypes.byref(opened))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        samples = audio.read(asked["audio"], RATE_HZ)
        first = seconds_to_samples(asked["start"], RATE_HZ)
        part = np.ascontiguousarray(samples[first:][: seconds_to_samples(asked["duration"], RATE_HZ)])
        began = time.process_time()
        text = transcribe(native, opened, part, beam)
        print(json.dumps({"text": text, "seconds": time.process_time() - began}), flush=True)


def transcribe(native: ctypes.CDLL, model: ctypes.c_void_p, samples: NDArray[np.float32], beam: int) -> str:
    """The words in ``samples``, [N]."""
    stream, result = ctypes.c_void_p(), ctypes.c_void_p()
    call(native.stapes_stream_new, model, beam, ctypes.byref(stream))
    pointer = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    call(native.stapes_stream_push, stream, pointer, ctypes.c_size_t(len(samples)))
    call(native.stapes_stream_finish, stream)
    call(native.stapes_stream_result, stream, ctypes.byref(result))
    text: bytes = native.stapes_result_text(result)
    words = text.decode()
    native.stapes_result_free(result)
    native.stapes_stream_free(stream)
    return words


def call(function: Any, *arguments: Any) -> None:
    """Calls a function of the library that returns a status."""
    error = _Error()
    if function(*arguments, ctypes.byref(error)) != 0:
        raise click.ClickException(error.text.decode())


if __name__ == "__main__":
    main()
