"""Real speech of strangers, found in public repositories and Debian packages, as training manifests.

    python recipes/found.py CLONES OUT

`recipes/found.tsv` names each recording, who speaks and what is said; docs/corpora.md tells licences and how the texts
came about. Repositories that are not in the folder CLONES yet are cloned into it, 3 GB in all; Debian packages are read
where they are installed. OUT gets a manifest for each set and the recordings as FLAC. What is there is kept.
"""

import csv
import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

import click
import numpy as np
import soundfile
from numpy.typing import NDArray

from stapes.corpus import Utterance, import_corpus, read_manifest, write_manifest
from stapes.corpus.recording import to_sample_rate, write_recording
from stapes.units import SAMPLE_RATE_HZ

LIST = Path(__file__).with_name("found.tsv")
# Repositories with a part of Speech Commands, by the set that they become: few words by many people, and all words.
COMMANDS = {
    "commands": (
        "Alice01010101/Speech-Command-Recognition-in-NWPU",
        "anshulgupta0803/isolated-speech-commands",
        "arnavsinha20/Speech-Command-Recognition-with-Convolutional-Neural-Network",
        "RoyzLevy/SpeechCommandClassifier",
        "thegtagamer/PICO-tinyML-benchmark",
    ),
    "words": ("JackBL248/blspeech_commands",),
}
MOST_OF_A_WORD = 25
# Either WORD/SPEAKER_nohash_NUMBER.wav or WORD_SPEAKER_nohash_NUMBER.wav.
COMMAND = re.compile(r"(?:.*/)?(?P<word>[a-z]+)[/_](?P<name>[0-9a-f]{8}_nohash_\d+\.wav)(\.wav)?")


@click.command(help=__doc__)
@click.argument("clones", type=click.Path(file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--root",
    default="/",
    show_default=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where Debian packages are installed or unpacked.",
)
@click.option(
    "--heard",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Manifest of other recordings of Speech Commands: nothing is measured on its speakers.",
)
def main(clones: Path, out: Path, root: Path, heard: Path | None) -> None:
    """Read `found.tsv` and write the sets."""
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    sources = {row["source"] for row in rows}
    folders = {source: _folder(source, clones, root) for source in sorted(sources)}
    sets: dict[str, list[Utterance]] = defaultdict(list)
    missing: Counter[str] = Counter()
    with click.progressbar(rows, label="reading", file=sys.stderr) as progress:
        for row in progress:
            folder = folders[row["source"]]
            utterance = _utterance(row, folder, out) if folder else None
            if utterance:
                sets[row["set"]].append(utterance)
            else:
                missing[row["source"]] += 1
    for source, count in missing.items():
        click.echo(f"{source}: {count} recordings are not there and are left out", err=True)
    for name, utterances in sets.items():
        write_manifest(out / f"{name}.jsonl", utterances)
        click.echo(f"{name:14} {len(utterances):7} utterances")
    _commands(clones, out, {utterance.speaker for utterance in read_manifest(heard)} if heard else set())


def _folder(source: str, clones: Path, root: Path) -> Path | None:
    """Where the recordings of ``source`` lie; None where its package is not installed."""
    kind, _, name = source.partition(":")
    if kind == "github":
        return _clone(name, clones)
    if (root / "usr/share/doc" / name).exists():
        return root
    click.echo(f"{name}: not installed; apt install {name}", err=True)
    return None


def _clone(repository: str, clones: Path) -> Path:
    folder = clones / repository
    if not folder.exists():
        url = f"https://github.com/{repository}"
        if subprocess.run(["git", "clone", "--quiet", "--depth", "1", url, str(folder)]).returncode:
            raise click.ClickException(f"{url}: cannot be cloned to {folder}")
    return folder


def _utterance(row: dict[str, str], folder: Path, out: Path) -> Utterance | None:
    """The recording of ``row``, written below ``out`` unless it is there; None where ``folder`` lacks it."""
    name = hashlib.sha256(f"{row['source']} {row['path']}".encode()).hexdigest()[:12]
    path = out / row["set"] / f"{name}.flac"
    if not path.exists():
        outer, _, inner = row["path"].partition("!")
        try:
            sound = (folder / outer).read_bytes()
            if inner:
                with zipfile.ZipFile(io.BytesIO(sound)) as archive:
                    sound = archive.read(inner)
        except (OSError, KeyError):
            return None
        write_recording(path, _samples(sound, raw=outer.endswith(".au")))
    seconds = round(soundfile.info(path).duration, 3)
    return Utterance(name, path, row["text"], seconds, row["speaker"], set=row["set"])


def _samples(sound: bytes, raw: bool) -> NDArray[np.float32]:
    """Samples [N] at 16 kHz; ``raw`` is µ-law at 8 kHz without a header."""
    settings = {"samplerate": 8000, "channels": 1, "format": "RAW", "subtype": "ULAW"} if raw else {}
    samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="float32", always_2d=True, **settings)
    samples = samples.mean(axis=1)
    return samples if rate_hz == SAMPLE_RATE_HZ else to_sample_rate(samples, rate_hz)


def _commands(clones: Path, out: Path, heard: Collection[str | None]) -> None:
    """Write the sets of Speech Commands, and what is measured on: some recordings of speakers that it holds out."""
    held_out: dict[str, list[Utterance]] = {"dev-commands": [], "test-commands": []}
    for name, repositories in COMMANDS.items():
        words = out / name
        for clone in (_clone(repository, clones) for repository in repositories):
            for path in sorted(clone.rglob("*_nohash_*")):
                if found := COMMAND.fullmatch(path.relative_to(clone).as_posix()):
                    link = words / found["word"] / found["name"]
                    link.parent.mkdir(parents=True, exist_ok=True)
                    if not link.is_symlink():
                        link.symlink_to(path.resolve())
        parts = import_corpus("speechcommands", words, words)
        write_manifest(out / f"{name}.jsonl", parts["train"])
        click.echo(f"{name:14} {len(parts['train']):7} utterances")
        for kind, gathered in held_out.items():
            gathered += parts.get(kind.partition("-")[0], [])
    for kind, gathered in held_out.items():
        chosen = _some_of_each_word(u for u in gathered if u.speaker not in heard)
        write_manifest(out / f"{kind}.jsonl", chosen)
        click.echo(f"{kind:14} {len(chosen):7} utterances")


def _some_of_each_word(utterances: Iterable[Utterance]) -> list[Utterance]:
    """At most so many, whatever order they come in; what two repositories carry comes once."""
    by_id = {utterance.id: utterance for utterance in utterances}
    counts: Counter[str] = Counter()
    chosen = []
    for name in sorted(by_id, key=lambda name: hashlib.sha256(name.encode()).digest()):
        counts[by_id[name].text] += 1
        if counts[by_id[name].text] <= MOST_OF_A_WORD:
            chosen.append(by_id[name])
    return sorted(chosen, key=lambda utterance: utterance.id)


if __name__ == "__main__":
    main()
