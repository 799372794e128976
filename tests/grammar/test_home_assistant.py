"""The sentences of Home Assistant, whole; and hassil, their own interpreter, as the yardstick."""

import json
import tracemalloc
from importlib import resources

import hassil
import pytest
from hassil.intents import TextSlotList

from stapes.grammar import Grammar
from tests.grammar.language import intents

HOME = resources.files("home_assistant_intents") / "data" / "en.json"
LISTS = {
    "name": {
        "kitchen lamp": "light.kitchen",
        "front door": "lock.front",
        "desk fan": "fan.desk",
        "tv": "media.tv",
    },
    "area": {"kitchen": "kitchen", "living room": "living_room", "office": "office"},
    "floor": {"first floor": "first", "basement": "basement"},
}
SENTENCES = [
    "turn on the kitchen lamp",
    "turn off all the lights in the living room",
    "switch off the lights in here",
    "set the living room brightness to fifty five percent",
    "set the kitchen lamp to blue",
    "set a timer for one hour and thirty minutes",
    "set a pizza timer for ten minutes",
    "start a five minute timer",
    "cancel my timer",
    "add five minutes to my timer",
    "how much time is left on my timer",
    "add oat milk to my shopping list",
    "what's the weather like",
    "what is the temperature in the office",
    "set the temperature to twenty one degrees",
    "set the temperature in the kitchen to twenty point five degrees",
    "is the front door locked",
    "lock the front door",
    "open the blinds in the office",
    "pause the tv",
    "turn the volume up to thirty percent in the living room",
    "skip to the next song",
    "broadcast that dinner is ready",
    "what time is it",
    "could you turn on the desk fan please",
    "vacuum the kitchen",
    "brightness to fifty",
    "turn on",
    "turn on the lights in the",
    "turn on the garden lamp",
    "set the brightness to two hundred percent",
    "the kitchen lamp on",
    "lock the kitchen",
    "tell a story",
]


def document():
    return json.loads(HOME.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def grammar():
    return Grammar.from_dict(document(), LISTS)


@pytest.fixture(scope="module")
def recognise():
    parsed = hassil.Intents.from_dict(document())
    lists = {name: TextSlotList.from_tuples(values.items(), name=name) for name, values in LISTS.items()}
    # What is true of the home is not asked here; every value has every property.
    for intent in parsed.intents.values():
        for data in intent.data:
            object.__setattr__(data, "requires_context", {})

    def best(words):
        return hassil.recognize_best(words, parsed, slot_lists=lists, language="en")

    return best


def test_the_whole_set_fits_into_little_memory():
    whole = document()
    tracemalloc.start()
    grammar = Grammar.from_dict(whole, LISTS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000
    assert grammar.graph.size_bytes < 1_500_000
    assert [problem for problem in grammar.problems if "'1/2' cannot be said" not in problem] == []


@pytest.mark.parametrize("words", SENTENCES)
def test_hassil_understands_the_same(grammar, recognise, words):
    theirs, ours = recognise(words), grammar.parse(words)
    if theirs is None:
        assert ours is None
        return
    assert ours.intent == theirs.intent.name
    # hassil keeps the space behind the words of a wildcard.
    values = {name: entity.value for name, entity in theirs.entities.items()}
    said = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    assert ours.values == said


@pytest.mark.parametrize(
    "template",
    [
        "turn [the] light[s] (on|off)",
        "(a;[b c];(d|e))",
        "[[please ]do] it [now]",
        "auto[matic] ( |-)mode",
        "go (to|[all the] way) home",
    ],
)
def test_hassil_reads_templates_alike(template):
    from hassil.sample import sample_sentence

    parsed = hassil.parse_sentence(template)
    sampled = {" ".join(said.replace("-", " ").split()) for said in sample_sentence(parsed)}
    grammar = Grammar.from_dict(intents([template]))
    assert sampled
    assert all(grammar.parse(said) for said in sampled)
