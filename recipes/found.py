"""Real speech of strangers, found in public repositories and Debian packages, as training manifests.

    python recipes/found.py CLONES OUT

`recipes/found.tsv` names each recording, who speaks and what is said; docs/corpora.md tells licences and how the texts
came about. Repositories that are not in the folder CLONES yet are cloned into it, 2 GB in all; Debian packages are read
where they are installed. OUT gets a manifest for each set and the recordings as FLAC. What is there is kept.
"""

import csv
import io
import re
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import click
import soundfile

from stapes.corpus import Utterance, import_corpus, write_manifest
from stapes.corpus.recording import to_sample_rate, write_recording
from stapes.units import SAMPLE_RATE_HZ

LIST = Path(__file__).with_name("found.tsv")
# Repositories with a part of Speech Commands, by the set that they become: few words by many people, and all words.
COMMANDS = {
    "commands": ("anshulgupta0803/isolated-speech-commands", "RoyzLevy/SpeechCommandClassifier"),
    "words": ("JackBL248/blspeech_commands",),
}
# Either WORD/SPEAKER_nohash_NUMBER.wav or WORD_SPEAKER_nohash_NUMBER.wav.
COMMAND = re.compile(r"(?:.*/)?(?P<word>[a-z]+)[/_](?P<name>[0-9a-f]{8}_nohash_\d+\.wav)")


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
def main(clones: Path, out: Path, root: Path) -> None:
    """Read `found.tsv` and write the sets."""
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    sources = {row["source"] for row in rows}
    folders = {source: _folder(source, clones, root) for source in sorted(sources)}
    sets: dict[str, list[Utterance]] = defaultdict(list)
    with click.progressbar(rows, label="reading", file=sys.stderr) as progress:
        for number, row in enumerate(progress):
            if folder := folders[row["source"]]:
                sets[row["set"]].append(_utterance(row, f"{row['set']}-{number:04}", folder, out))
    for name, utterances in sets.items():
        write_manifest(out / f"{name}.jsonl", utterances)
        click.echo(f"{name:14} {len(utterances):7} utterances")
    for name, repositories in COMMANDS.items():
        _commands(name, [_clone(repository, clones) for repository in repositories], out)


def _folder(source: str, clones: Path, root: Path) -> Path | None:
    """Where the recordings of ``source`` lie; None where its package is not installed."""
    kind, _, name = source.partition(":")
    if kind == "github":
        return _clone(name, clones)
    if (root / "usr/share/doc" / name).exists():
        return root
    click.echo(f"{name}: not installed, so its recordings are left out; apt install {name}", err=True)
    return None


def _clone(repository: str, clones: Path) -> Path:
    folder = clones / repository
    if not folder.exists():
        url = f"https://github.com/{repository}"
        if subprocess.run(["git", "clone", "--quiet", "--depth", "1", url, str(folder)]).returncode:
            raise click.ClickException(f"{url}: cannot be cloned to {folder}")
    return folder


def _utterance(row: dict[str, str], name: str, folder: Path, out: Path) -> Utterance:
    path = out / row["set"] / f"{name}.flac"
    if not path.exists():
        outer, _, inner = row["path"].partition("!")
        try:
            sound = (folder / outer).read_bytes()
            if inner:
                with zipfile.ZipFile(io.BytesIO(sound)) as archive:
                    sound = archive.read(inner)
        except (OSError, KeyError):
            raise click.ClickException(f"{folder / row['path']}: missing; {LIST.name} expects it") from None
        write_recording(path, _samples(sound, raw=outer.endswith(".au")))
    seconds = round(soundfile.info(path).duration, 3)
    return Utterance(name, path, row["text"], seconds, row["speaker"], set=row["set"])


def _samples(sound: bytes, raw: bool):
    """Samples [N] at 16 kHz; ``raw`` is µ-law at 8 kHz without a header."""
    settings = {"samplerate": 8000, "channels": 1, "format": "RAW", "subtype": "ULAW"} if raw else {}
    samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="float32", always_2d=True, **settings)
    samples = samples.mean(axis=1)
    return samples if rate_hz == SAMPLE_RATE_HZ else to_sample_rate(samples, rate_hz)


def _commands(name: str, clones: Iterable[Path], out: Path) -> None:
    """The speakers of ``clones`` that Speech Commands counts as training, and those that it counts as development."""
    words = out / name
    for clone in clones:
        for path in sorted(clone.rglob("*_nohash_*.wav")):
            if found := COMMAND.fullmatch(path.relative_to(clone).as_posix()):
                link = words / found["word"] / found["name"]
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.is_symlink():
                    link.symlink_to(path.resolve())
    parts = import_corpus("speechcommands", words, words)
    write_manifest(out / f"{name}.jsonl", parts["train"])
    write_manifest(out / f"dev-{name}.jsonl", parts["dev"])
    click.echo(f"{name:14} {len(parts['train']):7} utterances, {len(parts['dev'])} for development")


if __name__ == "__main__":
    main()
