"""Bonuses of phrases, against every way to read the words."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import BeamSearch, Phrases, Segmenter
from stapes.decode.biasing import automaton
from tests.decode.scorers import scripted

VOCABULARY = ("<blk>", "<unk>", "▁a", "b", "▁", "a", "▁b", "ab", "ba", "▁ab")
LABELS = range(2, len(VOCABULARY))


@pytest.fixture(autouse=True)
def short_lists_cost(monkeypatch):
    """Small cases show everything: two phrases are many, and single letters are rare."""
    monkeypatch.setattr(automaton, "FEW", 2)
    monkeypatch.setattr(automaton, "COMMON", 3.0)


def total(biasing, labels):
    """What ``labels`` score, and the state that they lead to."""
    state, score = biasing.start(), 0.0
    for label in labels:
        score += float(biasing.scores(state)[label])
        state = biasing.step(state, label)
    return score + biasing.final(state)


def spelled(labels, vocabulary=VOCABULARY):
    """The words of ``labels``; the first label begins one whatever its piece."""
    text = "".join(vocabulary[label] for label in labels)
    return text.removeprefix("▁").split("▁") if labels else []


def grid(worth):
    return round(worth * 1024) / 1024


def rarity(words):
    """What the words of a phrase are worth without the length of its list."""
    costs = [Segmenter(VOCABULARY).costs(f"▁{word}")[-1] for word in words]
    return automaton.RARITY * sum(max(0, cost - automaton.COMMON) for cost in costs)


def length(count, few):
    """What the length of a list takes off."""
    return automaton.SIZE * math.log(max(1, count / few))


def sayings(templates, members):
    """Words and worth of everything that can be said for a phrase, written out."""
    few = max(1, automaton.FEW / len(templates))
    for text, weight in templates:
        parts = text.split("@c")
        own = grid(weight * (rarity(text.replace("@c", "").split()) - length(len(templates), automaton.FEW)))
        for names in itertools.product(members, repeat=len(parts) - 1):
            words = parts[0].split()
            for (name, _), part in zip(names, parts[1:], strict=True):
                words += [*name.split(), *part.split()]
            inside = [grid(w * (rarity(name.split()) - length(len(members), few))) for name, w in names]
            yield words, own + sum(grid(weight * worth) for worth in inside)


def best_reading(words, said):
    """The greatest worth of ``words`` as phrases and open words."""
    best = [0.0]
    for end in range(1, len(words) + 1):
        found = [
            best[end - len(phrase)] + earned
            for phrase, earned in said
            if words[max(0, end - len(phrase)) : end] == phrase
        ]
        best.append(max([best[-1], *found]))
    return best[-1]


texts = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3).map(" ".join)
weights = st.sampled_from([0.5, 1.0, 3.0])
lists = st.dictionaries(texts, weights, min_size=1, max_size=4).map(lambda found: list(found.items()))
frames = st.lists(st.sampled_from(["{}", "{} @c", "@c {}", "@c {} @c"]), min_size=4, max_size=4)


@settings(max_examples=150, deadline=None)
@given(lists, lists, frames, st.lists(st.sampled_from(LABELS), max_size=9))
def test_a_sequence_scores_what_its_best_reading_is_worth(plain, members, shapes, labels):
    templates = [(shape.format(text), weight) for (text, weight), shape in zip(plain, shapes, strict=False)]
    biasing = Phrases(templates, {"c": members}).compile(VOCABULARY)
    words = spelled(labels)
    # A word mark that nothing follows is no word, but parts what is before it from what follows.
    assert total(biasing, labels) == pytest.approx(
        best_reading(words, list(sayings(templates, members))), abs=1e-4
    )


@settings(max_examples=50, deadline=None)
@given(lists, st.lists(st.sampled_from(LABELS), max_size=6), st.sampled_from(LABELS))
def test_a_label_scores_what_it_changes(plain, labels, label):
    biasing = Phrases(plain).compile(VOCABULARY)
    state = biasing.start()
    for before in labels:
        state = biasing.step(state, before)
    after = biasing.step(state, label)
    with_label = total(biasing, [*labels, label]) - biasing.final(after)
    without = total(biasing, labels) - biasing.final(state)
    assert float(biasing.scores(state)[label]) == pytest.approx(with_label - without, abs=1e-4)


WORDS = ("<blk>", "<unk>", "▁a", "▁call", "▁john", "son", "▁zo", "▁z", "o", "e", "n", "'", "s")


def labels_of(text, vocabulary=WORDS):
    return [vocabulary.index(piece) for piece in text.split()]


def test_a_phrase_counts_where_words_begin_and_end():
    biasing = Phrases(["john"]).compile(WORDS)
    assert total(biasing, labels_of("▁john")) > 0
    assert total(biasing, labels_of("▁call ▁john ▁a")) == total(biasing, labels_of("▁john"))
    assert total(biasing, labels_of("▁john son")) == 0
    assert total(biasing, labels_of("▁a son")) == total(biasing, labels_of("▁john son ▁a")) == 0


def test_any_pieces_that_spell_a_phrase_earn_the_same():
    biasing = Phrases(["zoe"]).compile(WORDS)
    assert total(biasing, labels_of("▁zo e")) == total(biasing, labels_of("▁z o e")) > 0


def test_what_is_begun_earns_at_once_and_is_taken_back_when_it_breaks():
    biasing = Phrases([("zoe", 2.0)]).compile(WORDS)
    begun = biasing.step(None, WORDS.index("▁zo"))
    assert biasing.scores(None)[WORDS.index("▁zo")] > 0
    assert biasing.scores(begun)[WORDS.index("e")] > 0
    lost = -biasing.scores(None)[WORDS.index("▁zo")]
    for broken in ("▁call", "n", "▁john", "▁"):
        if broken in WORDS:
            assert biasing.scores(begun)[WORDS.index(broken)] == lost
    assert biasing.final(begun) == lost


def test_a_name_that_is_finished_keeps_its_bonus_when_a_longer_one_breaks():
    biasing = Phrases(["john", "john zoe zoe zoe"]).compile(WORDS)
    assert total(biasing, labels_of("▁john ▁zo e ▁zo")) == total(biasing, labels_of("▁john"))


def test_a_greater_weight_earns_more():
    light, heavy = (Phrases([("zoe", weight)]).compile(WORDS) for weight in (1.0, 2.0))
    spoken = labels_of("▁zo e")
    assert total(heavy, spoken) == pytest.approx(2 * total(light, spoken), abs=1e-2)


def test_each_name_of_a_long_list_earns_less_and_their_first_letters_nothing():
    name = "zoe zoe zoe zoe zoe"
    others = [f"{a}{b}ne" for a in "abcdefghijklmnopqrstuvwxyz" for b in "aeiou"]
    alone, among = Phrases([name]).compile(WORDS), Phrases([name, *others]).compile(WORDS)
    spoken = labels_of("▁zo e ▁zo e ▁zo e ▁zo e ▁zo e")
    assert 0 < total(among, spoken) < total(alone, spoken)
    assert among.scores(None)[WORDS.index("▁zo")] == 0 < alone.scores(None)[WORDS.index("▁zo")]


def test_an_empty_list_changes_nothing():
    biasing = Phrases([]).compile(WORDS)
    state = biasing.step(biasing.start(), 3)
    assert not biasing.scores(None).any()
    assert not biasing.scores(state).any()
    assert biasing.final(state) == 0
    assert state == biasing.step(state, 5)


def test_a_word_that_is_one_piece_costs_that_piece_alone():
    vocabulary = ("<blk>", "<unk>", "▁play", "a", "l", "▁", "p", "y")
    assert total(Phrases(["play"]).compile(vocabulary), [2]) == pytest.approx(
        automaton.RARITY * (Segmenter(vocabulary).costs("▁play")[-1] - automaton.COMMON), abs=1e-3
    )


def test_names_that_no_pieces_spell_are_never_met():
    biasing = Phrases(["queen", "zoe"]).compile((*WORDS, "▁quee"))
    assert total(biasing, labels_of("▁quee n", (*WORDS, "▁quee"))) > 0
    assert np.isfinite(biasing.scores(None)).all()


def test_states_are_values():
    first, second = (Phrases(["john zoe", "call @c"], {"c": ["zoe"]}).compile(WORDS) for _ in range(2))
    second.scores(second.step(None, 3))
    states = []
    for biasing in (first, second):
        state = None
        for label in labels_of("▁call ▁john ▁zo"):
            state = biasing.step(state, label)
        states.append(state)
    assert states[0] == states[1]
    assert hash(states[0]) == hash(states[1])


def test_a_class_is_stored_once_for_all_its_phrases():
    names = [f"{a}{b}{c}" for a in "abcdefghijklmnopqrstuvwxyz" for b in "aeiou" for c in "nrstlm"]
    few, many = (_bytes([f"call {word} @c on @c" for word in names[:count]], names) for count in (2, 100))
    assert many < few + 100 * 2000


def _bytes(templates, names):
    tracemalloc.start()
    biasing = Phrases(templates, {"c": names}).compile(WORDS)
    biasing.scores(None)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size


def test_a_bonus_lets_a_name_win_that_the_sound_alone_would_lose():
    vocabulary = ("<blk>", "<unk>", "▁joan", "▁john", "▁zoe")
    scorer = scripted([{2: 0.6, 3: 0.39}], vocabulary)
    plain, biased = (
        BeamSearch(scorer, expected=[each.compile(vocabulary)]) for each in (Phrases([]), Phrases(["john"]))
    )
    frames = np.zeros((1, 1), np.float32)
    assert plain.result(plain.advance(frames, plain.init_state())).text == "joan"
    assert biased.result(biased.advance(frames, biased.init_state())).text == "john"
