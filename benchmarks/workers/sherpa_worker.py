"""sherpa-onnx with files of ``stapes export``: one thread; the file is read before the clock starts.

Needs the packages sherpa-onnx, soundfile and numpy, and nothing of stapes.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import sherpa_onnx  # type: ignore[import-not-found]  # another environment
import soundfile

RATE_HZ = 16_000
# What stapes hears after the last sample as well, and one frame that the last call has to have beyond.
TAIL = np.zeros(RATE_HZ * 410 // 1000, np.float32)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--paths", type=int, required=True)
    given = parser.parse_args()
    recognizer = sherpa_onnx.OnlineRecognizer.from_transducer(
        tokens=str(given.folder / "tokens.txt"),
        **{name: str(given.folder / f"{name}.int8.onnx") for name in ("encoder", "decoder", "joiner")},
        num_threads=1,
        model_type="lstm",
        decoding_method="greedy_search" if given.paths == 1 else "modified_beam_search",
        max_active_paths=given.paths,
    )
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        samples, rate_hz = soundfile.read(asked["audio"], dtype="float32")
        first = round(asked["start"] * rate_hz)
        part = samples[first : first + round(asked["duration"] * rate_hz)]
        began = time.process_time()
        stream = recognizer.create_stream()
        stream.accept_waveform(rate_hz, part)
        stream.accept_waveform(rate_hz, TAIL)
        stream.input_finished()
        while recognizer.is_ready(stream):
            recognizer.decode_stream(stream)
        text = recognizer.get_result(stream)
        print(json.dumps({"text": text, "seconds": time.process_time() - began}), flush=True)


if __name__ == "__main__":
    main()
