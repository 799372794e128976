"""Automata against the enumeration of a grammar: what may be said, in pieces of any size, and what it is worth."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import BeamSearch
from stapes.decode.words import Spelling
from stapes.grammar import Grammar
from stapes.grammar.expected import Boost
from stapes.grammar.hassil import read_hassil
from stapes.grammar.source import from_value
from tests.decode.scorers import PIECES, alignment_probabilities, numbered, random_table
from tests.grammar.language import intents, sentences_of

VOCABULARY = ("<blk>", "<unk>", "▁", "a", "b", "▁a", "▁ba", "ab")
WIDE = 10**6
BONUS = 0.5

texts = st.sampled_from(["a", "b", "ab", " a", "b ", " ", "", "a b"])
templates = st.recursive(
    st.one_of(texts, st.sampled_from(["<r>", "<s>", "{l}"])),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({'|'.join(items)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({';'.join(items)})"),
        inner.map(lambda item: f"[{item}]"),
    ),
    max_leaves=6,
)


def document(sentences, rule, value):
    # A template whose only sentence is the empty one cannot be understood, so that there is always one more.
    lists = {"l": {"values": ["ba", f"a{value}"]}}
    return intents([*sentences, "a"], lists=lists, expansion_rules={"r": f"{rule} b", "s": f"[<r>]{rule}"})


documents = st.builds(
    document,
    st.lists(templates, min_size=1, max_size=2),
    texts.filter(lambda text: "<" not in text),
    st.sampled_from(["", " b", "[b]", "(b|ab)"]),
)


def spelled(labels):
    spelling = Spelling(VOCABULARY)
    words = [spelling.text(labels[start:end]) for start, end in spelling.spans(labels)]
    return " ".join(word for word in words if word)


def total(expectation, labels):
    state, score = expectation.start(), 0.0
    for label in labels:
        score += float(expectation.scores(state)[label])
        if score == -math.inf:
            return score
        state = expectation.step(state, label)
    return score + expectation.final(state)


def is_plain(labels):
    """Whether no word mark stands on its own."""
    spelling = Spelling(VOCABULARY)
    return all(spelling.text(labels[start:end]) for start, end in spelling.spans(labels))


sequences = [
    labels
    for count in range(1, 5)
    for labels in itertools.product(range(2, len(VOCABULARY)), repeat=count)
    if is_plain(labels)
]


@settings(max_examples=15, deadline=None)
@given(documents)
def test_a_restriction_allows_the_sentences_and_nothing_else(document):
    said = sentences_of(read_hassil(from_value(document, "grammar")))
    only = Grammar.from_dict(document).only.compile(VOCABULARY)
    for labels in sequences[::5]:
        assert total(only, labels) == (0.0 if spelled(labels) in said else -math.inf), labels


@settings(max_examples=15, deadline=None)
@given(documents)
def test_a_boost_is_worth_its_letters_where_a_sentence_is_finished_and_nothing_elsewhere(document):
    grammar = Grammar.from_dict(document)
    said = sentences_of(read_hassil(from_value(document, "grammar")))
    boost = Boost(grammar._automaton, VOCABULARY, BONUS)
    for labels in sequences[::5]:
        letters = len(spelled(labels).replace(" ", ""))
        expected = BONUS * letters if spelled(labels) in said else 0.0
        assert abs(total(boost, labels) - expected) < 1e-5, labels


@settings(max_examples=15, deadline=None)
@given(documents)
def test_words_are_read_where_they_are_a_sentence(document):
    said = sentences_of(read_hassil(from_value(document, "grammar")))
    grammar = Grammar.from_dict(document)
    for sentence in said:
        assert grammar.parse(sentence) is not None, sentence
    words = ["a", "b", "ab", "ba", "aa", "bb", "abb"]
    for count in (1, 2, 3):
        for some in itertools.product(words, repeat=count):
            assert (grammar.parse(some) is not None) == (" ".join(some) in said), some


@settings(max_examples=20, deadline=None)
@given(documents)
def test_a_restriction_never_leads_where_no_sentence_goes_on(document):
    said = {
        f"▁{text.replace(' ', '▁')}" for text in sentences_of(read_hassil(from_value(document, "grammar")))
    }
    only = Grammar.from_dict(document).only.compile(VOCABULARY)
    for labels in sequences[::7]:
        stream = "▁" + "▁".join(spelled(labels).split())
        state, is_allowed = only.start(), True
        for label in labels:
            is_allowed = is_allowed and np.isfinite(only.scores(state)[label])
            state = only.step(state, label) if is_allowed else state
        if is_allowed:
            assert any(text.startswith(stream) for text in said), labels


SPOKEN = intents(["(a|b)[c]d [e[f]]", "e a [b]", "ad(d|c)"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_a_search_that_is_held_finds_the_most_probable_sentence(seed, frames):
    scorer = random_table(seed, 8, sparse=False)
    only = Grammar.from_dict(SPOKEN).only.compile(scorer.vocabulary)
    search = BeamSearch(scorer, beam=WIDE, score_beam=math.inf, histories=WIDE, expected=[only])
    result = search.result(search.advance(numbered(frames), search.init_state()))
    spelling = Spelling(PIECES)
    said = sentences_of(read_hassil(from_value(SPOKEN, "grammar")))
    best = -math.inf
    for labels, found in alignment_probabilities(scorer, frames).items():
        words = [spelling.text(labels[start:end]) for start, end in spelling.spans(labels)]
        if " ".join(words) in said and sum(found) > 0:
            best = max(best, math.log(sum(found)))
    if best > -math.inf:
        assert result.text in said
        assert result.log_prob == pytest.approx(best, abs=1e-5)
    else:
        assert result.text not in said
