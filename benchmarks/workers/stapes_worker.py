"""stapes, driven as the other recognisers are."""

import json
import sys
import time
from pathlib import Path

import click

from stapes import audio
from stapes.session import Recognizer
from stapes.units import seconds_to_samples

RATE_HZ = 16_000


@click.command()
@click.option("--model", type=click.Path(path_type=Path))
@click.option("--beam", type=int)
@click.option("--engine")
@click.option("--without-reading", is_flag=True, help="Start the clock when the file is read.")
def main(model: Path | None, beam: int | None, engine: str | None, without_reading: bool) -> None:
    """Answer each line of standard input with a transcript."""
    recognizer = Recognizer(model, engine=engine) if beam is None else Recognizer(model, beam, engine)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.process_time()
        samples = audio.read(asked["audio"], RATE_HZ)
        first = seconds_to_samples(asked["start"], RATE_HZ)
        last = first + seconds_to_samples(asked["duration"], RATE_HZ)
        if without_reading:
            began = time.process_time()
        text = recognizer.transcribe(samples[first:last], RATE_HZ).text
        print(json.dumps({"text": text, "seconds": time.process_time() - began}), flush=True)


if __name__ == "__main__":
    main()
