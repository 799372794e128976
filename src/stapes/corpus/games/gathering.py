"""The lines of all games that are there, made into one corpus."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stapes.corpus.games.damage import told
from stapes.corpus.games.drascula import drascula_lines
from stapes.corpus.games.line import Line
from stapes.corpus.games.queen import queen_lines
from stapes.corpus.games.sky import sky_lines
from stapes.corpus.games.spoken import trimmed, why_unusable
from stapes.corpus.manifest import Utterance, format_line, resume_manifest
from stapes.corpus.recording import write_recording
from stapes.corpus.text import normalise
from stapes.errors import CorpusError
from stapes.units import SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Game:
    """A game whose lines can be read.

    Args:
        name: begins ids and speakers, and is the folder of the recordings.
        package: the Debian package, and the folder of the game.
        file: its data file, in that folder.
        lines: reads the lines from that file and what lies beside it.
        damaged: what is named when that fails.
    """

    name: str
    package: str
    file: str
    lines: Callable[[Path], list[Line]]
    damaged: str = "the file"


GAMES = (
    Game("queen", "flight-of-the-amazon-queen", "queen.1c", queen_lines),
    Game("drascula", "drascula", "en/drascula.dat", drascula_lines),
    Game("sky", "beneath-a-steel-sky", "sky.dsk", sky_lines, "the file or its index sky.dnr"),
)
"""Every game that can be read, in the order of the manifest."""


@dataclass(frozen=True)
class Gathered:
    """What `gather_games` did.

    Attributes:
        games: the utterances of every game that was found, those of earlier runs included.
        resumed: how many of them an earlier run had written.
        dropped: how many lines are of no use to a training, by the reason.
        missing: the Debian packages of the games that were not found.
    """

    games: dict[str, list[Utterance]]
    resumed: int
    dropped: Counter[str]
    missing: list[str]


def gather_games(
    folder: Path, out: Path, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> Gathered:
    """Write the spoken lines of games as FLAC files at 16 kHz under ``out``, and label them in ``out``/manifest.jsonl.

    Recordings are trimmed to the speech. Lines that the manifest already holds are skipped, so that an
    interrupted run goes on where it stopped.

    Args:
        folder: holds the folders of the games, as /usr/share/scummvm does; one game is enough.
        out: folder, made if needed.
        on_progress: called with the lines done and their number.

    Raises:
        CorpusError: there is no game, or a file of one is damaged.
    """
    found = [game for game in GAMES if (folder / game.package / game.file).is_file()]
    if not found:
        files = " or ".join(f"{game.package}/{game.file}" for game in GAMES)
        raise CorpusError(
            f"{folder}: holds no game; {files} is expected, "
            "which the Debian packages of these names bring to /usr/share/scummvm"
        )
    todo = [(game, line) for game in found for line in _lines(game, folder)]
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / "manifest.jsonl"
    known = {utterance.id: utterance for utterance in resume_manifest(manifest)}
    games: dict[str, list[Utterance]] = {game.name: [] for game in found}
    dropped: Counter[str] = Counter()
    resumed = 0
    with manifest.open("a", encoding="utf-8") as file:
        for done, (game, line) in enumerate(todo, start=1):
            made = known.get(_id(game, line)) or _make(game, line, out)
            if isinstance(made, str):
                dropped[made] += 1
            else:
                games[game.name].append(made)
                resumed += made.id in known
                if made.id not in known:
                    file.write(format_line(made, out))
                    file.flush()
            on_progress(done, len(todo))
    return Gathered(games, resumed, dropped, [game.package for game in GAMES if game not in found])


def _lines(game: Game, folder: Path) -> list[Line]:
    path = folder / game.package / game.file
    with told(path, game.package, game.damaged):
        return game.lines(path)


def _id(game: Game, line: Line) -> str:
    return f"{game.name}-{line.name}"


def _make(game: Game, line: Line, out: Path) -> Utterance | str:
    """The utterance of a line, its recording written; or why the line is of no use."""
    with told(line.source, game.package, f"the recording {line.name}"):
        samples = trimmed(line.sound())
    text = normalise(line.text)
    reason = why_unusable(text, len(samples))
    if reason is not None:
        return reason
    audio = out / game.name / f"{_id(game, line)}.flac"
    write_recording(audio, samples)
    speaker = None if line.speaker is None else f"{game.name}:{line.speaker}"
    duration = round(len(samples) / SAMPLE_RATE_HZ, 4)
    return Utterance(_id(game, line), audio, text, duration, speaker, set="games")
