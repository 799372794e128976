"""Confidences come from the lattice, calibrated, and are one number wherever a word is shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import Hypothesis, certainties
from stapes.decode import Word as HeardWord
from stapes.errors import ConfigError
from stapes.grammar import Grammar
from stapes.lattice import Arc, Lattice, best_path, word_posteriors
from stapes.session import Recognizer
from stapes.session.certainty import alternatives, with_certainty
from tests.session.played import FRAME_SAMPLES, PlayedNetwork, play

SPLIT = Lattice(
    (0, 3, 6),
    (
        Arc(0, 1, "go", 1, 3, np.log(0.75)),
        Arc(0, 1, "no", 1, 3, np.log(0.25)),
        Arc(1, 2, "up", 4, 6, np.log(0.5)),
        Arc(1, 2, "up", 5, 6, np.log(0.25)),
        Arc(1, 2, "", 3, 3, np.log(0.25)),
    ),
)


def hypothesis(*words):
    heard = tuple(HeardWord(text, start, end, 0.123, 1) for text, start, end in words)
    return Hypothesis((2,), (1,), -1.0, heard, 1)


def halved(posteriors):
    return posteriors / 2 + 0.01


class UncertainNetwork(PlayedNetwork):
    """Hears «go» or «stop» with the same voice, one label a frame."""

    calibration = staticmethod(halved)

    def _frames(self, samples):
        return super()._frames(samples) * 0.4


def sure_of(found, lattice, calibrate=None):
    return with_certainty(found, certainties(found, lattice), calibrate)


def test_a_word_is_as_sure_as_all_ways_to_say_it_at_its_time():
    sure = sure_of(hypothesis(("go", 1, 3), ("up", 4, 6)), SPLIT)
    assert [word.confidence for word in sure.words] == pytest.approx([0.75, 0.75])
    assert [(word.text, word.start_frame, word.end_frame) for word in sure.words] == [
        ("go", 1, 3),
        ("up", 4, 6),
    ]


def test_confidences_are_calibrated_also_of_a_word_that_the_lattice_lacks():
    sure = sure_of(hypothesis(("go", 1, 3), ("on", 4, 6), ("go", 0, 3)), SPLIT, halved)
    assert [word.confidence for word in sure.words] == pytest.approx([0.385, 0.01, 0.01])


def test_a_word_too_long_for_a_lattice_is_found():
    lattice = Lattice((0, 9), (Arc(0, 1, "é" * 127, 0, 9, 0.0),))
    assert sure_of(hypothesis(("é" * 200, 0, 9)), lattice).words[0].confidence == 1.0


def test_alternatives_are_the_best_word_sequences():
    found = alternatives(SPLIT, 10, halved)
    assert [" ".join(word.text for word in words) for words in found] == ["go up", "go", "no up", "no"]
    assert [word.confidence for word in found[2]] == pytest.approx([0.135, 0.385])
    assert (found[0][1].start_frame, found[0][1].end_frame) == (4, 6)
    assert alternatives(SPLIT, 2, None) == alternatives(SPLIT, 10, None)[:2]


def test_the_number_is_the_same_in_the_transcript_its_alternatives_and_the_lattice():
    stream = Recognizer(UncertainNetwork(), beam=8).stream().accept(play(0, 1, 0, 3, 4, 2, 0))
    rough = stream.partial
    final, lattice = stream.finish(), stream.lattice
    [first, *others] = stream.alternatives(5)
    assert first == final == stream.partial
    assert len(others) == 4 and len({one.text for one in (first, *others)}) == 5
    assert " ".join(best_path(lattice).words) == final.text == rough.text
    assert [word.confidence for word in rough.words] != [word.confidence for word in final.words]
    posteriors = word_posteriors(lattice)
    of_best = [posteriors[index] for index in best_path(lattice).arcs]
    assert [word.confidence for word in final.words] == pytest.approx([halved(each) for each in of_best])
    assert lattice.frame_ms == 40


def test_the_lattice_grows_with_what_is_heard():
    stream = Recognizer(UncertainNetwork(), beam=8).stream()
    assert {arc.word for arc in stream.lattice.arcs} == {""}
    stream.accept(play(1))
    assert "go" in {arc.word for arc in stream.lattice.arcs}
    stream.accept(play(2)[: FRAME_SAMPLES - 1])
    assert max(arc.end_frame for arc in stream.lattice.arcs) == 1
    stream.finish()
    assert max(arc.end_frame for arc in stream.lattice.arcs) == 2


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(0, 2000), max_size=8))
def test_chunking_changes_neither_lattice_nor_confidence(sizes):
    sound = play(0, 1, 0, 3, 4, 2, 0)
    whole, cut = (Recognizer(UncertainNetwork(), beam=4).stream() for _ in range(2))
    for chunk in np.split(sound, np.minimum(np.cumsum(sizes), sound.size)):
        cut.accept(chunk)
    assert cut.finish() == whole.accept(sound).finish()
    assert cut.lattice == whole.lattice


def test_what_no_grammar_knows_is_as_sure_as_without_it():
    grammar = Grammar.from_dict({"intents": {"Stop": {"data": [{"sentences": ["stop stop stop stop"]}]}}})
    recognizer, sound = Recognizer(UncertainNetwork(), beam=8), play(1, 0, 3, 4)
    plain, gated = recognizer.stream(), recognizer.stream(grammar=grammar)
    final = plain.accept(sound).finish()
    assert gated.accept(sound).finish() == final
    assert gated.lattice == plain.lattice
    assert gated.understanding().transcript == final


def test_a_greedy_stream_has_one_alternative_and_its_own_confidences():
    stream = Recognizer(UncertainNetwork(), beam=1).stream().accept(play(1, 2))
    rough = stream.partial
    assert stream.alternatives(3) == [rough]
    assert stream.finish() == rough
    assert [arc.word for arc in stream.lattice.arcs] == ["go", "stop"]


@pytest.mark.parametrize("beam", [1, 4])
def test_no_alternatives_are_not_to_be_had(beam):
    with pytest.raises(ConfigError, match="n_best: n is 0, accepted is at least 1"):
        Recognizer(PlayedNetwork(), beam).stream().alternatives(0)
