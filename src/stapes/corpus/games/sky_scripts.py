"""Who says which line of Beneath a Steel Sky, as far as its scripts tell it plainly."""

import struct
from bisect import bisect
from collections.abc import Iterable, Iterator
from operator import itemgetter

# The words behind an instruction (none unless listed; 14 is a switch, of variable size), the functions that make
# someone speak, and the variables that say who.
_OPERANDS = {0: 1, 2: 1, 5: 1, 6: 1, 9: 1, 11: 2, 15: 1, 16: 1, 18: 1}
_PUSH_VARIABLE, _PUSH_NUMBER, _CALL, _SWITCH = 0, 2, 11, 14
_SPEAKING, _PLAYER_SPEAKS, _OFFER_QUESTION = range(35, 39), 36, 70
_CURRENT, _ADDRESSED = 12, 120

_PLAYER = "foster"
# The characters, by their number and by the script of the conversation with them.
_CHARACTERS = {
    1: "joey", 3: "foster", 136: "monitor", 137: "anita", 4122: "hobbins", 8205: "radman", 8211: "son",
    8301: "dad", 8544: "foreman", 12381: "holo", 12430: "anchor", 16441: "danielle", 16601: "blunt",
    16737: "gallagher", 16822: "clerk", 16823: "prosecution", 16824: "hobbins", 20511: "joey_medic",
    20812: "gallagher", 20911: "ken", 24767: "hologram",
}  # fmt: skip
_CONVERSATIONS = {
    0x0040: "vincent", 0x0041: "eduardo", 0x0042: "blunt", 0x0043: "colston", 0x0044: "gallagher",
    0x0045: "judge", 0x0046: "hobbins", 0x005D: "lamb", 0x10A9: "hobbins", 0x10AB: "joey", 0x2105: "anita",
    0x2106: "lamb", 0x2108: "foreman", 0x2109: "monitor", 0x210A: "guard", 0x210C: "wreck_guard", 0x210D: "dad",
    0x210E: "son", 0x210F: "radman", 0x2110: "joey", 0x3139: "burke", 0x313A: "jason", 0x313B: "joey",
    0x313C: "anchor", 0x313D: "trevor", 0x313E: "holo", 0x313F: "gallagher", 0x4001: "danielle",
    0x4002: "henri", 0x4003: "danielle", 0x4004: "jukebox", 0x4005: "barry", 0x4006: "babs", 0x5001: "walter",
    0x5002: "joey_medic", 0x5003: "ken", 0x5004: "father",
}  # fmt: skip


def speakers(modules: Iterable[bytes]) -> dict[int, str]:
    """The names of the speakers, by the number of the text.

    Args:
        modules: the files of the scripts, in their order.

    Raises:
        struct.error, LookupError: a file is damaged.
    """
    found: dict[int, str] = {}
    for module, content in enumerate(modules):
        words = struct.unpack(f"<{len(content) // 2}H", content)
        starts = sorted((words[script], module << 12 | script) for script in range(1, words[0] + 1))
        spoken = [
            (starts[bisect(starts, at, key=itemgetter(0)) - 1][1], function, arguments)
            for at, function, arguments in _calls(words)
        ]
        of_player = {script for script, function, _ in spoken if function == _PLAYER_SPEAKS}
        for script, function, arguments in spoken:
            text, name = _who_says(script, function, arguments, script in of_player)
            if name:
                found.setdefault(text, name)
    return found


def _calls(words: tuple[int, ...]) -> Iterator[tuple[int, int, list[int]]]:
    """The calls in a module: place, function, arguments. An argument ~n is the value of variable n."""
    at = words[1]
    pushed: list[int] = []
    while at < len(words):
        code = words[at]
        if code == _PUSH_NUMBER:
            pushed.append(words[at + 1])
        elif code == _PUSH_VARIABLE:
            pushed.append(~(words[at + 1] // 4))
        else:
            if code == _CALL:
                yield at, words[at + 2] // 4, pushed[len(pushed) - words[at + 1] :]
            pushed = []
        at += 2 + 2 * words[at + 1] if code == _SWITCH else 1 + _OPERANDS.get(code, 0)


def _who_says(script: int, function: int, arguments: list[int], of_player: bool) -> tuple[int, str]:
    """The text number and the speaker of a call; no speaker where it makes nobody known speak."""
    if function == _OFFER_QUESTION and len(arguments) == 2:
        return arguments[0], _PLAYER
    if function in _SPEAKING and len(arguments) == 3:
        who, text, _ = arguments
        if who == ~_CURRENT and (of_player or script in _CONVERSATIONS):
            return text, _PLAYER
        if who == ~_ADDRESSED:
            return text, _CONVERSATIONS.get(script, "")
        return text, _CHARACTERS.get(who, "")
    return 0, ""
