"""Beneath a Steel Sky: its texts, who says them, and their sound."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from stapes.corpus.games import sky
from stapes.corpus.games.sky import sky_lines
from stapes.corpus.games.sky_scripts import speakers
from stapes.corpus.games.sky_texts import MAX_LINES, Texts
from tests.corpus.game_files import (
    CODES,
    as_bytes,
    sky_call,
    sky_files,
    sky_module,
    sky_section,
    tone,
    write_sky,
)

SOUND = as_bytes(tone(11_025))
CURRENT, ADDRESSED = ~12, ~120


def test_texts_come_back_by_number() -> None:
    """More than a block of 32, one of them so long that its length is counted in 16 bits."""
    texts = [f"Line {number}, isn't it?" for number in range(70)]
    texts[5] = texts[40] = "The quick brown fox jumps over the lazy dog. " * 4
    section = Texts(sky_section(texts))
    assert section.count == 70
    assert [section[number] for number in range(70)] == texts


def test_the_code_of_the_game_is_this() -> None:
    """Frozen when every text of the game had come out as English."""
    assert (CODES[" "], CODES["e"], CODES["a"], CODES["t"]) == ("000", "0010", "0011", "01010")
    assert len(CODES) == 122
    listed = "".join(f"{sign}{code}" for sign, code in sorted(CODES.items()))
    assert hashlib.sha256(listed.encode()).hexdigest()[:16] == "6f40f4ae2ab3dc73"


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(ValueError, match=f"4097 lines in a section; 0 to {MAX_LINES} are expected"):
        Texts((4).to_bytes(2, "little") + (4 + 4097).to_bytes(2, "little"))


def test_scripts_tell_who_speaks() -> None:
    one = [*sky_call(35, 1, 100, 0), *sky_call(37, 3, 101, 0), *sky_call(38, 999, 102, 0)]
    by_player = [*sky_call(36, CURRENT, 103, 0), *sky_call(35, CURRENT, 104, 0)]
    asked = sky_call(70, 105, 9)
    # Calls in the cases of a switch and an operand are none; nor is one that takes what was pushed before another.
    steps_over = [
        14,
        5,
        13,
        *sky_call(38, 3, 106, 0),
        5,
        11,
        *sky_call(38, CURRENT, 107, 0),
        *sky_call(39, 1, 108, 0),
    ]
    too_few = [2, 1, 13, 2, 109, 2, 0, 11, 3, 4 * 35]
    conversation = [*sky_call(38, ADDRESSED, 110, 0), *sky_call(38, CURRENT, 111, 0)]
    scripts = [one, by_player, asked, steps_over, too_few, *[[]] * 58, conversation]
    assert len(scripts) == 0x40
    assert speakers([sky_module(scripts)]) == {
        100: "joey",
        101: "foster",
        103: "foster",
        104: "foster",
        105: "foster",
        110: "vincent",
        111: "foster",
    }


def test_the_module_is_part_of_the_number_of_a_script() -> None:
    scripts = [[]] * 0xA9
    scripts[0xA8] = sky_call(38, ADDRESSED, 4096, 0)
    assert speakers([sky_module([[]]), sky_module(scripts)]) == {4096: "hobbins"}
    assert speakers([sky_module(scripts)]) == {}


def test_lines_have_texts_speakers_and_sounds(tmp_path: Path) -> None:
    american = ["Hi Foster", "Color of it", " - ", "No sound", "Mmm mmm", "Packed away "]
    calls = [*sky_call(35, 1, 0, 0), *sky_call(35, 8205, 4, 0), *sky_call(35, 3, 5, 0)]
    sounds = {0: SOUND, 1: SOUND[:5000], 2: SOUND, 4: SOUND, 5: SOUND[:7000]}
    lines = sky_lines(write_sky(tmp_path, sky_files(american, [calls], sounds)))
    assert [(line.name, line.speaker, line.text) for line in lines] == [
        ("00000", "joey", "Hi Foster"),
        ("00001", None, "Color of it"),
        ("00005", "foster", "Packed away"),
    ]
    for line, size in zip(lines, (len(SOUND), 5000, 7000), strict=True):
        samples, rate_hz = line.sound()
        assert rate_hz == 11_025
        expected = (np.frombuffer(SOUND[:size], np.uint8).astype(float) - 128) / 128
        np.testing.assert_array_equal(samples, expected)


def test_a_few_lines_are_spoken_as_the_british_text_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sky_files(["Color", "Gray"], [[]], {0: SOUND, 1: SOUND}, ["Colour", "Grey"])
    path = write_sky(tmp_path, files)
    monkeypatch.setattr(sky, "_SPOKEN_AS_BRITISH", {1})
    assert [line.text for line in sky_lines(path)] == ["Color", "Grey"]


def test_an_index_of_another_length_is_refused(tmp_path: Path) -> None:
    path = write_sky(tmp_path, sky_files(["Hi"], [[]], {0: SOUND}))
    index = path.with_name("sky.dnr")
    index.write_bytes(index.read_bytes()[:-8])
    with pytest.raises(ValueError, match=r"an index of .* bytes has not .* entries"):
        sky_lines(path)
