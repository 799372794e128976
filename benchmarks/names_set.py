"""A set of spoken names that no training text holds: `names.jsonl` and its recordings, for `benchmarks.names`.

Sentences come from the test files of corpora whose slots mark the names (never trained on, in any form); a name
is taken if at least one of its words occurs nowhere in the training manifest. The voices are those held out for
development, alone or leading a mixture with a voice of another language, which brings an accent. Where there are too
few sentences, some are spoken once more, in another voice.
"""

import hashlib
import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np
import soundfile
import soxr

from benchmarks import manifests
from stapes.corpus import Utterance, normalise
from stapes.corpus.leaks import HELD_OUT_VOICES
from stapes.corpus.manifest import format_line
from stapes.corpus.voices import KokoroEngine
from stapes.units import SAMPLE_RATE_HZ

# Slots of HWU64, SLURP and Snips that hold proper names.
NAME_SLOTS = frozenset(
    {
        *("person", "artist", "artist_name", "city", "state", "country", "place_name", "business_name"),
        *("restaurant_name", "poi", "geographic_poi", "playlist", "playlist_name", "entity_name"),
        *("object_name", "album", "song_name", "track", "game_name", "podcast_name"),
    }
)
ACCENTS = (
    "ff_siwis",
    "hf_alpha",
    "hm_psi",
    "if_sara",
    "im_nicola",
    "jf_alpha",
    "jm_kumo",
    "pf_dora",
    "zm_yunxi",
)
MOST_WORDS = 10
MOST_NAME_WORDS = 3


@click.command("names_set")
@manifests.data_option
@click.option("--texts", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--kokoro", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--count", default=360, show_default=True, help="Sentences.")
@click.option("--seed", default=0, show_default=True)
def main(data: Path, texts: Path, kokoro: Path, count: int, seed: int) -> None:
    """Speak sentences of --texts that hold new names, into --data/names.jsonl; stopped, it goes on where it was."""
    known = {word for utterance in manifests.load(data, "train") for word in utterance.text.split()}
    found = sorted(set(_sentences(texts, known)))
    random.Random(seed).shuffle(found)
    chosen = _takes(_one_a_name(found), count)
    with tempfile.TemporaryDirectory() as folder:
        speaker = _Speaker(_as_free_voices(kokoro, Path(folder)), data / "names", seed)
        with (data / "names.jsonl").open("w", encoding="utf-8") as manifest, click.progressbar(chosen) as bar:
            for text, name, take in bar:
                utterance = speaker.speak(text, take)
                manifest.write(format_line(utterance, data))
                manifest.flush()
                speaker.names[utterance.id] = name
    (data / "names.json").write_text(json.dumps(speaker.names, indent=1) + "\n", encoding="utf-8")


def _sentences(texts: Path, known: set[str]) -> Iterator[tuple[str, str]]:
    """Sentence and name, both in spoken form, of every name with a word that is not ``known``."""
    for path in sorted(texts.glob("*/test.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            text = normalise(entry["text"])
            for slot in entry["slots"]:
                name = normalise(slot["value"])
                is_new = not known.issuperset(name.split())
                short = len(text.split()) <= MOST_WORDS and len(name.split()) <= MOST_NAME_WORDS
                if slot["slot"] in NAME_SLOTS and is_new and short and holds(text, name):
                    yield text, name


def slot_values(texts: Path, slots: frozenset[str]) -> Iterator[str]:
    """The values of ``slots`` in all but the test files of ``texts``, in spoken form."""
    for path in sorted(texts.glob("*/*.jsonl")):
        if path.stem != "test":
            for line in path.read_text(encoding="utf-8").splitlines():
                yield from (normalise(s["value"]) for s in json.loads(line)["slots"] if s["slot"] in slots)


def holds(text: str, name: str) -> bool:
    """Whether ``text`` holds the words of ``name``."""
    return re.search(rf"(?<!\S){re.escape(name)}(?!\S)", text) is not None


def _one_a_name(found: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """``found`` without further sentences for a name, and without further names of a sentence."""
    names: set[str] = set()
    texts: set[str] = set()
    kept = []
    for text, name in found:
        if name not in names and text not in texts:
            kept.append((text, name))
        names.add(name)
        texts.add(text)
    return kept


def _takes(sentences: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str, int]]:
    """``count`` of ``sentences``, each with the number of its take; where they are too few, further takes of them."""
    return [(*sentences[place % len(sentences)], place // len(sentences)) for place in range(count)]


def _as_free_voices(kokoro: Path, folder: Path) -> Path:
    """A copy of the model whose held-out voices are called ``held_NAME``: the engine speaks for training else."""
    (folder / "voices").mkdir()
    for name in ("kokoro.onnx", "vocab.json"):
        (folder / name).symlink_to((kokoro / name).resolve())
    for voice in (*HELD_OUT_VOICES, *ACCENTS):
        source = (kokoro / "voices" / f"{voice}.bin").resolve()
        (folder / "voices" / f"{_free(voice)}.bin").symlink_to(source)
    return folder


def _free(voice: str) -> str:
    return f"{voice[0]}held_{voice[3:]}" if voice in HELD_OUT_VOICES else voice


class _Speaker:
    def __init__(self, kokoro: Path, out: Path, seed: int) -> None:
        self._engine = KokoroEngine(kokoro)
        self._out, self._seed = out, seed
        self.names: dict[str, str] = {}
        out.mkdir(exist_ok=True)

    def speak(self, text: str, take: int) -> Utterance:
        """Speak ``text`` into a file of its own, with voice and speed drawn for it and this ``take``."""
        key = f"{self._seed + take}:{text}"
        draw = random.Random(key)
        voice = draw.choice(sorted(HELD_OUT_VOICES))
        weight = round(draw.uniform(0.5, 0.8), 2)
        accent = draw.choice([None, *ACCENTS])
        parts = [(1.0, voice)] if accent is None else [(weight, voice), (round(1 - weight, 2), accent)]
        speed = round(draw.uniform(0.85, 1.15), 2)
        name = hashlib.sha256(key.encode()).hexdigest()[:12]
        path = self._out / f"{name}.flac"
        if not path.exists():
            sound = self._engine.speak(text, _mixture([(w, _free(v)) for w, v in parts]), speed)
            if sound is None:
                raise click.ClickException(f"'{text}' cannot be spoken")
            samples = np.clip(np.asarray(soxr.resample(*sound, SAMPLE_RATE_HZ), np.float32), -1.0, 1.0)
            partial = path.with_name(path.name + ".partial")
            soundfile.write(partial, samples, SAMPLE_RATE_HZ, format="FLAC")
            partial.replace(path)
        duration = round(soundfile.info(path).duration, 3)
        return Utterance(name, path, text, duration, _mixture(parts), set="names")


def _mixture(parts: Sequence[tuple[float, str]]) -> str:
    return "+".join(f"{weight:g}*{voice}" for weight, voice in parts)


if __name__ == "__main__":
    main()
