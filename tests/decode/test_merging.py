"""Histories with the same last two labels become one, and what was merged is kept."""

import gc
import math

import numpy as np
import pytest

from stapes.decode import BLANK, INITIAL_CONTEXT, BeamSearch, Node
from tests.decode.scorers import (
    JointScorer,
    alignment_probabilities,
    by_context,
    numbered,
    random_frames,
    random_table,
    scripted,
)

TWO_STARTS = [{2: 0.6, 3: 0.4}, {4: 1.0}, {5: 1.0}, {6: 1.0}, {}]


def reachable(nodes):
    found, todo = {}, list(nodes)
    while todo:
        node = todo.pop()
        if node is not None and id(node) not in found:
            found[id(node)] = node
            todo += [node.prev, *(merge.node for merge in node.merged)]
    return list(found.values())


def labels_of(node):
    return () if node.prev is None else (*labels_of(node.prev), node.label)


def paths(node):
    """Labels and log-ratio of every path through the graph to ``node``."""
    if node.prev is None:
        return [((), 0.0)]
    own = [((*labels, node.label), ratio) for labels, ratio in paths(node.prev)]
    merged = [
        (labels, ratio + merge.log_ratio) for merge in node.merged for labels, ratio in paths(merge.node)
    ]
    return own + merged


def test_histories_stay_apart_until_their_last_two_labels_agree():
    search = BeamSearch(scripted(TWO_STARTS))
    state = search.advance(numbered(2), search.init_state())
    assert [labels for labels, _ in state.contexts] == [(2, 4), (3, 4)]
    assert [labels_of(node) for node in state.nodes] == [(2, 4), (3, 4)]


def test_equal_context_merges_into_the_more_probable_and_keeps_the_other():
    search = BeamSearch(scripted(TWO_STARTS))
    state = search.advance(numbered(3), search.init_state())
    assert [labels for labels, _ in state.contexts] == [(4, 5)]
    [head] = state.nodes
    assert labels_of(head) == (2, 4, 5)
    [merge] = head.merged
    assert labels_of(merge.node) == (3, 4, 5)
    assert merge.frame == 2
    assert merge.log_ratio == pytest.approx(math.log(0.4 / 0.6), abs=1e-6)


def test_merged_history_goes_on_with_its_holder():
    search = BeamSearch(scripted(TWO_STARTS))
    state = search.advance(numbered(5), search.init_state())
    [head] = state.nodes
    probabilities = {labels: math.exp(state.log_probs[0] + ratio) for labels, ratio in paths(head)}
    assert probabilities == pytest.approx({(2, 4, 5, 6): 0.6, (3, 4, 5, 6): 0.4}, rel=1e-6)


def test_no_path_of_the_graph_claims_more_than_its_labels_have():
    merged = 0
    for seed in range(60):
        scorer = random_table(seed, 4, sparse=True)
        search = BeamSearch(scorer, beam=100, score_beam=math.inf, histories=100)
        state = search.advance(numbered(5), search.init_state())
        sums = {labels: sum(found) for labels, found in alignment_probabilities(scorer, 5).items()}
        total = 0.0
        for node, log_prob in zip(state.nodes, state.log_probs, strict=True):
            for labels, ratio in paths(node):
                merged += ratio < 0
                total += math.exp(log_prob + ratio)
                assert sums[labels] > 0
        assert total <= 1 + 1e-6
    assert merged > 30


def test_a_history_that_can_still_grow_is_not_merged():
    # Merging at first sight takes the wrong labels here: the loser of the first meeting wins later.
    scorer = random_table(130, 4, sparse=True)
    sums = {labels: sum(found) for labels, found in alignment_probabilities(scorer, 5).items()}
    results = {}
    for histories in (1, 4):
        search = BeamSearch(scorer, beam=100, score_beam=math.inf, histories=histories)
        results[histories] = search.result(search.advance(numbered(5), search.init_state())).labels
    assert results[4] == max(sums, key=lambda labels: sums[labels]) != results[1]


@pytest.mark.parametrize(("seed", "size", "count"), [(25, 4, 4), (112, 4, 6), (87, 3, 6)])
def test_continuations_are_merged_along_or_nothing_is(seed, size, count):
    # Found by search: ignoring the live continuations of a loser, or how probable they are, goes wrong here.
    scorer = random_table(seed, size, sparse=True)
    search = BeamSearch(scorer, beam=1000, score_beam=math.inf, histories=1000)
    result = search.result(search.advance(numbered(count), search.init_state()))
    sums = {labels: sum(found) for labels, found in alignment_probabilities(scorer, count).items()}
    assert math.exp(result.log_prob) == pytest.approx(max(sums.values()), rel=1e-9)


def test_the_first_history_of_a_context_is_its_most_probable():
    overtaken = 0
    for seed in range(10):
        search = BeamSearch(random_table(seed, 4, sparse=False), beam=100, score_beam=math.inf, histories=100)
        state = search.init_state()
        for frame in numbered(5):
            before = {state.nodes[head].key for head in state.heads}
            state = search.advance(frame[np.newaxis], state)
            for place, head in enumerate(state.heads):
                assert state.log_probs[head] == state.log_probs[state.places == place].max()
            now = {state.nodes[head].key for head in state.heads}
            overtaken += any(node.key in before - now for node in state.nodes)
    assert overtaken > 0


def test_repeated_labels_of_different_length_share_a_context_and_stay_correct():
    steps = [{2: 0.5}] * 5
    search = BeamSearch(scripted(steps), beam=100, score_beam=math.inf, histories=100)
    state = search.advance(numbered(5), search.init_state())
    assert ((2, 2), ()) in state.contexts
    found = dict(zip([node.length for node in state.nodes], np.exp(state.log_probs).tolist(), strict=True))
    expected = {length: math.comb(5, length) / 32 for length in range(6)}
    assert found == pytest.approx(expected, rel=1e-6)


def test_histories_of_one_context_are_limited():
    search = BeamSearch(JointScorer(3, blank=0.0), beam=8, score_beam=20.0, histories=2)
    state = search.init_state()
    crowded = 0
    for frame in random_frames(4, 60):
        state = search.advance(frame[np.newaxis], state)
        sizes = np.bincount(state.places)
        crowded += int(sizes.max() == 2)
        assert sizes.max() <= 2 and len(sizes) <= 8
    assert crowded > 0


def test_one_place_in_the_beam_holds_the_best_context():
    search = BeamSearch(scripted([{2: 0.3, 3: 0.6}, {4: 0.9}]), beam=1)
    result = search.result(search.advance(numbered(2), search.init_state()))
    assert result.labels == (3, 4)


def test_histories_far_below_the_best_are_dropped():
    scorer = scripted([{2: 0.9, 3: 0.09}, {4: 1.0}])
    for score_beam, count in ((2.0, 1), (3.0, 2)):
        search = BeamSearch(scorer, beam=10, score_beam=score_beam)
        assert len(search.advance(numbered(2), search.init_state()).nodes) == count


def test_no_live_history_is_further_below_the_best_than_the_score_beam():
    search = BeamSearch(JointScorer(3, blank=0.0), beam=8, score_beam=3.0)
    state = search.init_state()
    for frame in random_frames(4, 100):
        state = search.advance(frame[np.newaxis], state)
        # The best may have been reached in two ways, by staying and by a label.
        assert state.log_probs.min() >= state.log_probs.max() - 3.0 - math.log(2)


def test_a_history_that_falls_behind_on_blanks_is_dropped_too():
    # Label 1 is never emitted: what it takes is lost to whoever has it.
    steps = [{INITIAL_CONTEXT: {2: 0.6, 3: 0.4}}, {(BLANK, 3): {1: 0.999999}}]
    search = BeamSearch(by_context(steps))
    assert len(search.advance(numbered(1), search.init_state()).nodes) == 2
    assert len(search.advance(numbered(2), search.init_state()).nodes) == 1


def test_a_history_can_take_the_lead_on_blanks():
    steps = [{INITIAL_CONTEXT: {2: 0.6, 3: 0.4}}, {(BLANK, 2): {1: 0.5}}]
    search = BeamSearch(by_context(steps))
    assert search.result(search.advance(numbered(1), search.init_state())).labels == (2,)
    assert search.result(search.advance(numbered(2), search.init_state())).labels == (3,)


def test_what_no_live_history_reaches_is_freed():
    search = BeamSearch(JointScorer(5), beam=4)
    state = search.advance(random_frames(6, 300), search.init_state())
    kept = reachable(state.nodes)
    alive = [entry for entry in gc.get_objects() if type(entry) is Node]
    assert len(kept) > 50
    assert len(alive) <= len(kept) + 1  # the root belongs to the module
