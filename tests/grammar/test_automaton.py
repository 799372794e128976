"""Wildcards in a search, and what is kept of what was read."""

import numpy as np
import pytest

from stapes.grammar import Boost, Grammar
from stapes.grammar.automaton import Automaton
from tests.grammar.language import intents

VOCABULARY = ("<blk>", "<unk>", "▁add", "▁to", "▁list", "▁", *"adlistoxyz", "▁x")
LABELS = {piece: label for label, piece in enumerate(VOCABULARY)}
GRAMMAR = Grammar.from_dict(intents(["add {item} to list", "list"], lists={"item": {"wildcard": True}}))


def reached(expectation, *pieces):
    state = expectation.start()
    for piece in pieces:
        assert np.isfinite(expectation.scores(state)[LABELS[piece]]), piece
        state = expectation.step(state, LABELS[piece])
    return state


def allowed(expectation, *pieces):
    row = expectation.scores(reached(expectation, *pieces))
    return {piece for piece, label in LABELS.items() if np.isfinite(row[label])}


def test_inside_a_wildcard_every_label_is_allowed():
    only = GRAMMAR.only.compile(VOCABULARY)
    assert allowed(only) == {"▁add", "▁list", "▁", "a", "l"}
    assert allowed(only, "▁add") == {"▁add", "▁to", "▁list", "▁", "▁x"}
    assert allowed(only, "▁add", "▁x") == set(VOCABULARY[2:])
    assert allowed(only, "▁list") == set()


def test_a_wildcard_ends_where_its_sentence_goes_on():
    only = GRAMMAR.only.compile(VOCABULARY)
    assert only.final(reached(only, "▁add", "▁x", "y")) == -np.inf
    assert only.final(reached(only, "▁add", "▁x", "y", "▁to", "▁list")) == 0.0
    assert only.final(reached(only, "▁add", "▁x", "▁to", "▁list", "t")) == -np.inf
    assert only.final(reached(only, "▁add", "▁to", "▁to", "▁list", "▁x", "▁to", "▁list")) == 0.0
    assert only.final(reached(only, "▁add", "▁to", "▁list")) == -np.inf


def test_a_label_that_is_not_allowed_leads_nowhere():
    only = GRAMMAR.only.compile(VOCABULARY)
    with pytest.raises(Exception, match="grammar: label 3 leads outside of it; those that `scores` allows"):
        only.step(only.start(), LABELS["▁to"])


def test_words_of_a_wildcard_are_granted_nothing():
    boost = GRAMMAR.compile(VOCABULARY)
    bonus = float(boost.scores(boost.start())[LABELS["▁list"]]) / 4
    assert bonus > 0
    inside = boost.scores(reached(boost, "▁add", "▁x"))
    assert inside[LABELS["y"]] == inside[LABELS["▁x"]] == 0.0
    assert inside[LABELS["▁to"]] == pytest.approx(2 * bonus)
    assert boost.final(reached(boost, "▁add", "▁x", "y")) == pytest.approx(-3 * bonus)
    assert boost.final(reached(boost, "▁add", "▁x", "y", "▁to", "▁list")) == 0.0


def test_what_leaves_costs_all_that_was_granted_and_is_free_from_then_on():
    boost = GRAMMAR.compile(VOCABULARY)
    state = reached(boost, "▁list")
    row = boost.scores(state)
    assert row[LABELS["▁x"]] == pytest.approx(-float(boost.scores(boost.start())[LABELS["▁list"]]))
    outside = boost.step(state, LABELS["▁x"])
    assert not boost.scores(outside).any()
    assert boost.step(outside, LABELS["▁list"]) == outside
    assert boost.final(outside) == 0.0


def test_a_word_mark_on_its_own_changes_nothing():
    only = GRAMMAR.only.compile(VOCABULARY)
    assert reached(only, "▁", "l", "i", "s", "t") == reached(only, "▁list")
    assert reached(only, "▁", "▁", "▁list") == reached(only, "▁list")
    assert reached(only, "l", "i", "s", "t") == reached(only, "▁list")


def test_a_restriction_is_made_once_for_each_vocabulary():
    assert GRAMMAR.only.compile(VOCABULARY) is GRAMMAR.only.compile(list(VOCABULARY))
    assert GRAMMAR.only.compile(VOCABULARY) is not GRAMMAR.only.compile(VOCABULARY[:-1])


def test_what_is_kept_is_bounded_and_changes_nothing(monkeypatch):
    monkeypatch.setattr("stapes.grammar.automaton.CACHED_POSITIONS", 6)
    monkeypatch.setattr("stapes.grammar.expected.CACHED_STATES", 3)
    grammar = Grammar.from_dict(intents(["add {item} to list", "list"], lists={"item": {"wildcard": True}}))
    small, large = grammar.only.compile(VOCABULARY), GRAMMAR.only.compile(VOCABULARY)
    generator = np.random.default_rng(0)
    for _ in range(20):
        ours, theirs = small.start(), large.start()
        for _ in range(12):
            row = small.scores(ours)
            assert np.array_equal(row, large.scores(theirs))
            labels = np.flatnonzero(np.isfinite(row))
            if not labels.size:
                break
            label = int(generator.choice(labels))
            ours, theirs = small.step(ours, label), large.step(theirs, label)
            assert ours == theirs
    automaton: Automaton = grammar._automaton
    assert sum(len(state.positions) for state in automaton._states) <= 6
    assert len(automaton._reads) < 100
    assert len(small._labels._allowed) <= 3


def test_a_bonus_is_by_the_letter_whatever_the_pieces():
    boost = Boost(GRAMMAR._automaton, VOCABULARY, 0.5)
    whole = boost.scores(boost.start())[LABELS["▁list"]]
    state, total = boost.start(), 0.0
    for piece in ("▁", "l", "i", "s", "t"):
        total += float(boost.scores(state)[LABELS[piece]])
        state = boost.step(state, LABELS[piece])
    assert total == pytest.approx(float(whole)) == pytest.approx(2.0)


def test_whoever_uses_a_part_at_the_same_time_shares_its_positions():
    rules = {"a12": "z"}
    for n in range(12):
        rules |= {f"a{n}": f"(<b{n}>|<c{n}>)", f"b{n}": f"<a{n + 1}> x", f"c{n}": f"<a{n + 1}> y"}
    grammar = Grammar.from_dict(intents(["<a0>"], expansion_rules=rules))
    automaton = Automaton(grammar.graph)
    assert len(automaton.start().positions) == 1
    after = automaton.read(automaton.start(), "z")
    assert len(after.positions) == 2
    assert grammar.parse("z" + " x y" * 6) is not None
    assert grammar.parse("z" + " x y" * 5) is None
