import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from numpy.typing import NDArray

from stapes.cli.corpus import command
from stapes.corpus import Utterance, read_manifest, voices
from stapes.corpus import synthesise as module
from stapes.corpus.synthesise import SynthesisConfig, Synthesised, synthesise
from stapes.errors import CorpusError, MissingExtraError

TEXTS = ["Turn on the lamp.", "what time is it", "play some jazz", "good night", "turn on the lamp"]
SPOKEN = ["good night", "play some jazz", "turn on the lamp", "what time is it"]


class Whistle:
    """An engine that whistles: the pitch is the voice, the length the text; it cannot say a question."""

    voices: tuple[str, ...] = ("low", "mid", "high")

    def __init__(self) -> None:
        self.said: list[str] = []

    def cast(self, draw: random.Random, voices: Sequence[str]) -> str:
        return draw.choice(voices)

    def speak(self, text: str, speaker: str, speed: float) -> tuple[NDArray[np.float32], int] | None:
        if text.startswith("what"):
            return None
        self.said.append(text)
        seconds = len(text) / 20 / speed
        pitch_hz = 300 * (1 + self.voices.index(speaker))
        ticks = np.arange(int(22050 * seconds)) / 22050
        return (1.5 * np.sin(2 * np.pi * pitch_hz * ticks)).astype(np.float32), 22050


@pytest.fixture
def whistle(monkeypatch: pytest.MonkeyPatch) -> Whistle:
    engine = Whistle()
    monkeypatch.setattr(module, "load_engine", lambda name, kokoro: engine)
    return engine


def labels(out: Path) -> list[tuple[str, str | None]]:
    return [(u.text, u.speaker) for u in read_manifest(out / "manifest.jsonl", check_audio=True)]


def test_each_sentence_is_spoken_once_and_labelled(whistle: Whistle, tmp_path: Path) -> None:
    result = synthesise(TEXTS, tmp_path, SynthesisConfig())
    assert result == Synthesised(spoken=3, resumed=0, excluded=0, unspeakable=1)
    utterances = read_manifest(tmp_path / "manifest.jsonl", check_audio=True)
    assert [u.text for u in utterances] == SPOKEN[:3]
    for utterance in utterances:
        samples, rate_hz = soundfile.read(utterance.audio, dtype="float32")
        assert rate_hz == 16000
        assert len(samples) / 16000 == pytest.approx(utterance.duration, abs=1e-3)
        assert utterance.set == "synthetic"
        assert utterance.speaker in {"espeak:low", "espeak:mid", "espeak:high"}
        assert soundfile.info(utterance.audio).format == "FLAC"


def test_order_and_company_change_nothing(whistle: Whistle, tmp_path: Path) -> None:
    synthesise(TEXTS, tmp_path / "a", SynthesisConfig(seed=4))
    synthesise(TEXTS[2:3], tmp_path / "b", SynthesisConfig(seed=4))
    assert labels(tmp_path / "b")[0] in labels(tmp_path / "a")


def test_another_seed_gives_other_names(whistle: Whistle, tmp_path: Path) -> None:
    for seed in (1, 2):
        synthesise(TEXTS, tmp_path, SynthesisConfig(seed=seed))
    assert len({u.id for u in read_manifest(tmp_path / "manifest.jsonl")}) == 6


def test_speeds_stay_in_their_range(whistle: Whistle, tmp_path: Path) -> None:
    synthesise(TEXTS, tmp_path, SynthesisConfig(min_speed=2.0, max_speed=2.0))
    for utterance in read_manifest(tmp_path / "manifest.jsonl"):
        assert utterance.duration == pytest.approx(len(utterance.text) / 40, abs=0.001)


def test_an_interrupted_run_goes_on_where_it_stopped(
    whistle: Whistle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesise(TEXTS, tmp_path / "whole", SynthesisConfig())
    calls = iter([None, KeyboardInterrupt()])

    def stop(done: int, total: int) -> None:
        error = next(calls)
        if error:
            raise error

    with pytest.raises(KeyboardInterrupt):
        synthesise(TEXTS, tmp_path / "cut", SynthesisConfig(), on_progress=stop)
    manifest = tmp_path / "cut" / "manifest.jsonl"
    with manifest.open("a") as file:
        file.write('{"id": "half a li')
    whistle.said.clear()
    assert synthesise(TEXTS, tmp_path / "cut", SynthesisConfig()) == Synthesised(1, 2, 0, 1)
    assert whistle.said == ["turn on the lamp"]
    assert manifest.read_bytes() == (tmp_path / "whole" / "manifest.jsonl").read_bytes()


def test_held_out_sentences_are_not_spoken(whistle: Whistle, tmp_path: Path) -> None:
    held_out = [Utterance("x", Path("x.flac"), "play some jazz", 1.0, set="synthetic")]
    result = synthesise(TEXTS, tmp_path, SynthesisConfig(), held_out)
    assert result.excluded == 1
    assert "play some jazz" not in whistle.said


def test_progress_counts_to_the_end(whistle: Whistle, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    synthesise(TEXTS, tmp_path, SynthesisConfig(), on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_no_sentence_and_unknown_voices_are_told(whistle: Whistle, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="synthesise: no sentence was given"):
        synthesise(["", " ?! "], tmp_path, SynthesisConfig())
    with pytest.raises(CorpusError, match="espeak has no voice nope; known are low, mid, high"):
        synthesise(TEXTS, tmp_path, SynthesisConfig(voices=("low", "nope")))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"jobs": 0}, "synthesise: 0 jobs were given; at least 1 is expected"),
        ({"min_speed": 0.0}, "speeds from 0.0 to 1.3 were given; a range above 0 is expected"),
        ({"min_speed": 2.0}, "speeds from 2.0 to 1.3 were given"),
        ({"voices": ("af_sky", "bf_lily")}, "the voice bf_lily is held out for development"),
    ],
)
def test_settings_are_checked(settings: dict[str, object], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        SynthesisConfig(**settings)  # type: ignore[arg-type]  # each case is one setting


def test_spelled_letters_keep_their_names(whistle: Whistle, tmp_path: Path) -> None:
    said = {"spell s a r a h": "spell s a. r a. h", "play a song": "play a song", "a b three": "a. b three"}
    synthesise(list(said), tmp_path, SynthesisConfig())
    assert sorted(whistle.said) == sorted(said.values())
    assert sorted(text for text, _ in labels(tmp_path)) == sorted(said)


@pytest.mark.parametrize(("engine", "program"), [("pico", "pico2wave"), ("rhvoice", "RHVoice-test")])
def test_a_missing_program_is_told(monkeypatch: pytest.MonkeyPatch, engine: str, program: str) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CorpusError, match=f"engine '{engine}': the program {program} is not installed"):
        voices.load_engine(engine)


@pytest.mark.parametrize(
    ("name", "program", "speed", "out"),
    [
        ("pico", "pico2wave", "re.search(r\"speed level='(\\d+)'\", sys.argv[5])[1]", 4),
        ("rhvoice", "RHVoice-test", "sys.argv[sys.argv.index('-r') + 1]", 8),
    ],
)
def test_a_program_is_moulded_into_speakers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, program: str, speed: str, out: int
) -> None:
    """A stand-in for the program writes as many samples as the speed that it is asked for."""
    stand_in = tmp_path / program
    stand_in.write_text(
        f"#!{sys.executable}\n"
        "import re, sys, wave\n"
        f"with wave.open(sys.argv[{out}], 'wb') as out:\n"
        "    out.setparams((1, 2, 16000, 0, 'NONE', ''))\n"
        f"    out.writeframes(b'\\1\\1' * (1600000 // int({speed})))\n"
    )
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = voices.load_engine(name)
    drawn = {engine.cast(random.Random(seed), engine.voices) for seed in range(50)}
    assert len(drawn) > 45
    assert {speaker.split(":")[0] for speaker in drawn} == set(engine.voices)
    for speaker in ("100:1.00", "80:1.15", "130:0.85"):
        sound = engine.speak("tom & jerry", f"{engine.voices[0]}:{speaker}", 0.8)
        assert sound is not None
        assert len(sound[0]) / sound[1] == pytest.approx(1 / 0.8, rel=0.01)


def test_engines_are_named() -> None:
    with pytest.raises(
        CorpusError,
        match="engine 'festival': one of kokoro, hibari, espeak, flite, pico, rhvoice is expected",
    ):
        voices.load_engine("festival")
    with pytest.raises(CorpusError, match=r"engine 'kokoro': the folder of the voice model is expected"):
        voices.load_engine("kokoro")


def test_an_incomplete_kokoro_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "kokoro.onnx").touch()
    with pytest.raises(
        CorpusError, match=r"lacks vocab.json; kokoro.onnx, vocab.json and voices/ are expected"
    ):
        voices.load_engine("kokoro", tmp_path)


def pitch_hz(samples: NDArray[np.float32], rate_hz: int) -> float:
    """The pitch of most of ``samples``: the highest peak of the autocorrelation of the loudest 60 ms."""
    width = int(0.06 * rate_hz)
    loudest = max(
        range(0, len(samples) - width, width // 4),
        key=lambda at: float(np.sum(samples[at : at + width] ** 2)),
    )
    frame = samples[loudest : loudest + width] * np.hanning(width)
    spectrum = np.abs(np.fft.rfft(frame, 4 * width)) ** 2
    correlation = np.fft.irfft(spectrum)[:width]
    shortest = int(rate_hz / 500)
    return rate_hz / (shortest + int(correlation[shortest:].argmax()))


def test_hibari_moulds_its_voice_into_speakers() -> None:
    engine = voices.load_engine("hibari")
    own = engine.speak("oh my oh my", "heart:100:1.00:0.00:0", 1.0)
    low = engine.speak("oh my oh my", "heart:60:1.00:0.00:0", 1.0)
    small = engine.speak("oh my oh my", "heart:100:1.20:0.00:0", 1.0)
    assert own is not None
    assert low is not None
    assert small is not None
    assert pitch_hz(*low) / pitch_hz(*own) == pytest.approx(0.6, rel=0.03)
    # A shorter vocal tract moves the formants alone: played faster, it lasts as long and sounds as high.
    assert small[1] == pytest.approx(1.2 * own[1], abs=1)
    assert pitch_hz(*small) == pytest.approx(pitch_hz(*own), rel=0.03)
    assert len(small[0]) / small[1] == pytest.approx(len(own[0]) / own[1], rel=0.05)


def test_hibari_says_the_same_each_time() -> None:
    engine = voices.load_engine("hibari")
    speaker = engine.cast(random.Random(3), engine.voices)
    first, again = (engine.speak("turn on the lamp", speaker, 0.9) for _ in range(2))
    assert first is not None
    assert again is not None
    np.testing.assert_array_equal(first[0], again[0])


def test_hibari_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hibari", None)
    with pytest.raises(MissingExtraError, match=r"stapes\[synthesise\]"):
        voices.load_engine("hibari")


def test_flite_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CorpusError, match="the program flite is not installed"):
        voices.load_engine("flite")


def test_mixtures_are_read() -> None:
    assert voices.parse_mixture("af_sky") == [(1.0, "af_sky")]
    assert voices.parse_mixture("0.70*af_sky+0.30*bm_lewis") == [(0.7, "af_sky"), (0.3, "bm_lewis")]
    with pytest.raises(CorpusError, match=r"speaker '0.7\*': a voice, or a mixture such as"):
        voices.parse_mixture("0.7*")


def test_espeak_says_the_same_whatever_it_said_before() -> None:
    engine = voices.EspeakEngine()
    first = engine.speak("what time is it", "en-gb-x-rp+f2", 0.9)
    engine.speak("turn on the kitchen light", "en-us+m6", 1.1)
    again = engine.speak("what time is it", "en-gb-x-rp+f2", 0.9)
    assert first is not None and again is not None
    assert first[1] == 22050
    assert 0.4 < len(first[0]) / 22050 < 2.0
    assert 0.1 < np.abs(first[0]).max() <= 1.0
    np.testing.assert_array_equal(first[0], again[0])


def test_espeak_voices_are_many_and_different() -> None:
    engine = voices.EspeakEngine()
    assert len(engine.voices) == len(set(engine.voices)) > 200
    spoken = [engine.speak("hello there", voice, 1.0) for voice in engine.voices[::12]]
    assert all(sound is not None for sound in spoken)
    assert len({sound[0].tobytes() for sound in spoken if sound}) == len(spoken)


def test_a_faster_espeak_is_shorter_and_an_unknown_voice_is_told() -> None:
    engine = voices.EspeakEngine()
    slow, fast = (engine.speak("turn on the kitchen light", "en-us+m1", speed) for speed in (0.8, 1.3))
    assert slow is not None and fast is not None
    assert len(slow[0]) > 1.3 * len(fast[0])
    with pytest.raises(CorpusError, match="engine 'espeak': has no voice 'xx-nobody'"):
        engine.speak("hello", "xx-nobody", 1.0)


def test_command_line_with_two_processes_gives_what_one_gives(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    held_out = tmp_path / "dev.jsonl"
    held_out.write_text(json.dumps({"id": "x", "audio": "x.flac", "text": "good night", "duration": 1.0}))
    for jobs in ("1", "2"):
        arguments = ["synthesise", str(tmp_path / "texts.txt"), str(tmp_path / jobs), "--jobs", jobs]
        arguments += ["--voices", "en-us+m1,en+f2", "--exclude", str(held_out)]
        result = CliRunner().invoke(command, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        assert "3 spoken, 0 there already, 1 held out, 0 that espeak cannot say" in result.output
    one, two = (read_manifest(tmp_path / jobs / "manifest.jsonl") for jobs in ("1", "2"))
    assert [(u.id, u.text, u.speaker) for u in one] == [(u.id, u.text, u.speaker) for u in two]
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(soundfile.read(a.audio)[0], soundfile.read(b.audio)[0])


def test_a_missing_text_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none.txt: cannot be read; a text file with one sentence a line"):
        CliRunner().invoke(
            command,
            ["synthesise", str(tmp_path / "none.txt"), str(tmp_path / "out")],
            standalone_mode=False,
            catch_exceptions=False,
        )
