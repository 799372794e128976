"""Beam search over a stateless predictor, with histories merged where nothing can tell them apart any more.

Shapes: n frames, E width of an encoder frame (J, or J + V with a CTC head), J joint width, V vocabulary, P histories,
G contexts.

A *history* is a label sequence with its log-probability, summed over all its alignments that stayed in the
beam, plus what is expected of it (``stapes.decode.expectation``), which is a function of the labels alone. All
histories consume one frame at a time, so those with the same *context* (last two labels, state of what is
expected) have the same future. Three things follow:

1. **Same labels**: histories that differ in alignment alone are one history; their probabilities are added.
   The frames kept are those of the alignment that brought more.
2. **Same context**: histories share one place in the beam, one predictor row and one joint output. The beam
   counts contexts, so alternatives of long ago do not push out alternatives of now.
3. **Merging**: a history is merged into the best one of its context as soon as that provably cannot change
   the best sequence: none of its prefixes is live and could still add to it, the best one is at least as
   probable, and so is every continuation of the best one compared with the same continuation of the other.
   From then on their ratio can only move in favour of the best. Merging at first sight, as a Viterbi
   recombination does, would be wrong here: an alignment that emits the last label later may still add to the
   worse sequence and turn the order. Live continuations merge along, and each merge is kept (``Node.merged``)
   with the ratio of the two: the live histories and what was merged into them are the lattice.

Three limits make the search approximate: histories more than ``score_beam`` below the best of the frame and
contexts beyond ``beam`` are dropped, as are extensions beyond the ``beam`` best of a frame; histories beyond
``histories`` in one context are merged at once. Without limits the best sequence and its log-probability are
exact.

With a CTC head (``stapes.decode.ctc``) a history also scores what the head finds of its labels. What is found of the
last one may still grow, so a history is merged only if it could not make up for the difference by that.

Among equals the order is: histories that took blank in their former order, then extensions by place in the
beam and by label. Nothing depends on how frames were cut into chunks.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stapes.decode.certainty import certainties
from stapes.decode.confidence import describe
from stapes.decode.ctc import LOWEST, NOTHING, CtcHead, Evidence, emitted, evidence_at, later, repeated
from stapes.decode.expectation import Expectation, Expectations, Grouping
from stapes.decode.greedy import require_probability
from stapes.decode.hypothesis import Hypothesis
from stapes.decode.merging import Contexts, Histories, History, merge_settled, merge_surplus
from stapes.decode.scorer import (
    BLANK,
    INITIAL_CONTEXT,
    PredictionCache,
    Scorer,
    require_at_least,
    unemittable,
)
from stapes.decode.trace import ROOT, Node, extend_key, same_traces, shared_labels
from stapes.decode.wording import DEFAULT_LIMITS, End, LatticeLimits, word_lattice
from stapes.decode.words import Spelling
from stapes.lattice import Lattice

_LOWEST = -float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True, eq=False)
class BeamState:
    """Where a beam search stands; a value: keep it, compare it, continue it more than once.

    Attributes:
        frames: encoder frames consumed.
        nodes: end of each of the P histories; those of one context stand together, the most probable first.
        log_probs: [P] log-probability of each history.
        places: [P] index of each history's context.
        heads: [G] index of the most probable history of each context.
        contexts: the G contexts.
        evidence: [P] what the CTC head has found of the last label of each history.
        changes: frames at which a history came or went.
    """

    frames: int
    nodes: tuple[Node, ...]
    log_probs: NDArray[np.float64]
    places: NDArray[np.intp]
    heads: NDArray[np.intp]
    contexts: tuple[Grouping, ...]
    evidence: Evidence
    changes: int = 0

    @property
    def ending(self) -> Node:
        """Where the most probable history ends."""
        return self.nodes[int(self.log_probs.argmax())]

    def __eq__(self, other: object) -> bool:
        """Whether both have consumed as much and hold the same histories."""
        return (
            isinstance(other, BeamState)
            and (self.frames, self.contexts) == (other.frames, other.contexts)
            and np.array_equal(self.log_probs, other.log_probs)
            and np.array_equal(self.places, other.places)
            and all(map(np.array_equal, self.evidence, other.evidence))
            and same_traces(self.nodes, other.nodes)
        )


class BeamSearch:
    """Keeps the most probable label sequences.

    Args:
        scorer: the model.
        beam: at least 1; contexts kept after each frame, and extensions tried at each.
        score_beam: at least 0, in nats; histories further below the best are dropped. Infinity keeps all.
        histories: at least 1; kept apart in one context until they can be merged without loss.
        emission_delay_frames: at least 0; by how much the model emits late, taken off the times of words.
        expected: what is expected to be said, over the vocabulary of ``scorer``.
        ctc: how the CTC head in the encoder frames is used; without it they have none.

    Raises:
        ConfigError: a setting is out of range.
    """

    def __init__(
        self,
        scorer: Scorer,
        beam: int = 4,
        score_beam: float = 8.0,
        histories: int = 4,
        emission_delay_frames: int = 0,
        expected: Sequence[Expectation] = (),
        ctc: CtcHead | None = None,
    ) -> None:
        require_at_least("beam", beam, 1)
        require_at_least("score_beam", score_beam, 0)
        require_at_least("histories", histories, 1)
        require_at_least("emission_delay_frames", emission_delay_frames, 0)
        self._scorer = scorer
        self._cache = PredictionCache(scorer)
        self._spelling = Spelling(scorer.vocabulary)
        self._beam = beam
        self._score_beam = score_beam
        self._histories = histories
        self._delay_frames = emission_delay_frames
        self._mask = np.where(unemittable(scorer.vocabulary), -np.inf, 0.0)
        self._expected = Expectations(expected, len(scorer.vocabulary))
        self._ctc = ctc
        self._nothing = np.zeros(len(scorer.vocabulary))
        self._lowest = ctc.ctc_scale * LOWEST if ctc else 0.0

    def init_state(self) -> BeamState:
        """The state before the first frame."""
        zero = np.zeros(1, dtype=np.intp)
        contexts = ((INITIAL_CONTEXT, self._expected.start()),)
        evidence = _side_by_side([NOTHING])
        return BeamState(
            0, (ROOT,), np.zeros(1), places=zero, heads=zero, contexts=contexts, evidence=evidence
        )

    def advance(self, frames: NDArray[np.float32], state: BeamState) -> BeamState:
        """The state after ``frames`` [n, E], the same for every way to cut them.

        Raises:
            FormatError: the model gives no hypothesis of a frame a probability.
        """
        predictions, expected = self._rows(state.contexts)
        for frame in frames:
            contexts = state.contexts
            seen = evidence_at(self._ctc, frame) if self._ctc else self._nothing
            state = self._step(self._scorer.join(frame, predictions), expected, seen, state)
            if state.contexts != contexts:
                predictions, expected = self._rows(state.contexts)
        return state

    def result(self, state: BeamState) -> Hypothesis:
        """The best hypothesis after the frames so far; partial and final results alike."""
        totals = state.log_probs + self._finals(state)
        best = int(totals.argmax())
        log_probs = totals.tolist()
        rivals = [
            pair for index, pair in enumerate(zip(state.nodes, log_probs, strict=True)) if index != best
        ]
        stable = shared_labels(state.nodes)
        return describe(
            self._spelling, state.nodes[best], log_probs[best], rivals, stable, self._delay_frames
        )

    def lattice(self, state: BeamState, frame_ms: int, limits: LatticeLimits = DEFAULT_LIMITS) -> Lattice:
        """What may have been said in the frames so far, of ``frame_ms`` each; its best path is ``result``."""
        finals = self._finals(state).tolist()
        totals = (state.log_probs + finals).tolist()
        ends = [End(*end) for end in zip(state.nodes, totals, finals, strict=True) if math.isfinite(end[1])]
        return word_lattice(self._spelling, ends, self._delay_frames, frame_ms, limits)

    def certainties(self, state: BeamState) -> NDArray[np.float64]:
        """[W] posterior of each word of ``result`` in ``lattice``."""
        return certainties(self.result(state), self.lattice(state, frame_ms=1))

    def log_blank(self, frame: NDArray[np.float32], state: BeamState) -> float:
        """Log-probability of blank at ``frame`` [E] after the most probable history of ``state``."""
        context, _ = state.contexts[state.places[int(state.log_probs.argmax())]]
        return float(self._scorer.join(frame, self._cache.rows([context]))[0, BLANK])

    def _rows(self, contexts: Sequence[Grouping]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Predictor output [G, J] and scores [G, V] of what is expected after each of ``contexts``."""
        predictions = self._cache.rows([labels for labels, _ in contexts])
        return predictions, np.stack([self._expected.scores(expected) for _, expected in contexts])

    def _finals(self, state: BeamState) -> NDArray[np.float64]:
        """[P] what is expected of each history, should it end here; 0 for all where none may end."""
        finals = np.array([self._expected.final(expected) for _, expected in state.contexts])[state.places]
        return finals if np.isfinite(finals).any() else np.zeros(len(finals))

    def _step(
        self,
        scores: NDArray[np.float32],
        expected: NDArray[np.float32],
        seen: NDArray[np.float64],
        state: BeamState,
    ) -> BeamState:
        """The state after one frame.

        Args:
            scores: [G, V] log-probabilities in each context.
            expected: [G, V] what is expected there; blank is not looked at.
            seen: [V] what the CTC head finds of each label.
        """
        found = self._found(seen, state)
        stayed = state.log_probs + scores[state.places, BLANK] + (found.score - state.evidence.score)
        extended = state.log_probs[state.heads, np.newaxis] + scores + expected + self._mask
        extended += self._seen_next(seen, state)
        best_extended = float(extended.max())
        best = float(np.maximum(stayed.max(), best_extended))
        require_probability(best, state.frames)
        floor = max(best - self._score_beam, _LOWEST)
        # Most frames are blank to every history: none comes or goes, and the order in a context stays.
        if best_extended < floor <= stayed.min() and np.array_equal(found.score, state.evidence.score):
            return replace(state, frames=state.frames + 1, log_probs=stayed, evidence=found)
        histories = self._stay(state, stayed, found, floor)
        self._extend(histories, state, scores, expected, seen, extended, floor)
        contexts = self._prune(histories)
        merge_settled(contexts, state.frames)
        merge_surplus(contexts, self._histories, state.frames)
        return _pack(contexts, state.frames + 1, state.changes + 1)

    def _seen_next(self, seen: NDArray[np.float64], state: BeamState) -> NDArray[np.float64]:
        """[G, V] what the CTC head finds of labels after the best history of a context, where it finds ``seen``."""
        last = np.array([labels[-1] for labels, _ in state.contexts])
        best = Evidence(*(np.asarray(part)[state.heads] for part in state.evidence))
        by_context = np.tile(seen, (len(last), 1))
        by_context[np.arange(len(last)), last] = repeated(best, seen[last], self._lowest).score
        return by_context

    def _found(self, seen: NDArray[np.float64], state: BeamState) -> Evidence:
        """[P] what the CTC head has found of the last labels, should histories take blank where it finds ``seen``."""
        if self._ctc is None:
            return state.evidence
        labels = np.array([node.label for node in state.nodes])
        emitted = np.array([node.frame for node in state.nodes])
        open_ = state.frames - emitted <= self._ctc.ctc_frames
        return later(state.evidence, seen[labels], open_, self._lowest)

    @staticmethod
    def _stay(state: BeamState, stayed: NDArray[np.float64], found: Evidence, floor: float) -> Histories:
        """The histories that take blank and stay above ``floor``, by key."""
        all_ = zip(state.nodes, stayed.tolist(), state.places.tolist(), _each(found), strict=True)
        return {
            node.key: History(node, log_prob, state.contexts[place], evidence)
            for node, log_prob, place, evidence in all_
            if log_prob >= floor
        }

    def _extend(
        self,
        histories: Histories,
        state: BeamState,
        scores: NDArray[np.float32],
        expected: NDArray[np.float32],
        seen: NDArray[np.float64],
        extended: NDArray[np.float64],
        floor: float,
    ) -> None:
        """Add to ``histories`` what the best extensions make of those in ``state``."""
        before, evidence = state.log_probs.tolist(), _each(state.evidence)
        ends = [*state.heads.tolist()[1:], len(before)]
        for place, label in _best(extended, self._beam, floor):
            heard, hoped = float(scores[place, label]), float(expected[place, label])
            first = emitted(float(seen[label]))
            posterior = _posterior(heard, float(scores[place, BLANK]))
            (_, last), reached = state.contexts[place]
            context = ((last, label), self._expected.step(reached, label))
            for index in range(int(state.heads[place]), ends[place]):
                found = repeated(evidence[index], first.score, self._lowest) if label == last else first
                log_prob = before[index] + heard + hoped + float(found.score)
                if log_prob >= floor:
                    emission = _Emission(state.nodes[index], label, state.frames, posterior, hoped, found)
                    _add(histories, emission, log_prob, context)

    def _prune(self, histories: Histories) -> Contexts:
        """Histories by context, best first, of the best contexts."""
        contexts: Contexts = {}
        for history in histories.values():
            contexts.setdefault(history.context, []).append(history)
        for rivals in contexts.values():
            rivals.sort(key=_falling)
        ranked = sorted(contexts.items(), key=lambda item: -item[1][0].log_prob)
        return dict(ranked[: self._beam])


def _falling(history: History) -> float:
    return -history.log_prob


def _best(extended: NDArray[np.float64], count: int, floor: float) -> Iterable[tuple[int, int]]:
    """Place and label of the ``count`` best entries of ``extended`` [G, V] from ``floor`` up, by index."""
    flat = extended.ravel()
    chosen = np.flatnonzero(flat >= floor)
    if len(chosen) > count:
        values = flat[chosen]
        limit = np.partition(values, -count)[-count]
        equal = np.flatnonzero(values == limit)
        surplus = int((values >= limit).sum()) - count
        keep = values >= limit
        keep[equal[len(equal) - surplus :]] = False
        chosen = chosen[keep]
    places, labels = np.divmod(chosen, extended.shape[1])
    return zip(places.tolist(), labels.tolist(), strict=True)


def _posterior(log_prob: float, log_blank: float) -> float:
    """Probability of a label among all labels but blank; rounding must not lift it above 1."""
    prob = math.exp(log_prob)
    return prob / max(prob, -math.expm1(min(log_blank, 0.0)))


@dataclass(frozen=True, slots=True)
class _Emission:
    """A node about to be followed by a label."""

    node: Node
    label: int
    frame: int
    posterior: float
    expected: float
    evidence: Evidence

    def after(self, log_prob: float) -> Node:
        return self.node.emit(self.label, self.frame, log_prob, self.posterior, self.expected)


def _add(histories: Histories, emission: _Emission, log_prob: float, context: Grouping) -> None:
    """Enter ``emission``, or add it to the same labels with another alignment."""
    key = extend_key(emission.node.key, emission.label)
    known = histories.get(key)
    if known is None:
        histories[key] = History(emission.after(log_prob), log_prob, context, emission.evidence)
        return
    total = max(known.log_prob, log_prob) + math.log1p(math.exp(-abs(known.log_prob - log_prob)))
    if log_prob > known.log_prob:
        known.node, known.evidence = emission.after(total), emission.evidence
    known.log_prob = total


def _each(evidence: Evidence) -> list[Evidence]:
    return list(map(Evidence, *(part.tolist() for part in map(np.asarray, evidence))))


def _side_by_side(evidence: Sequence[Evidence]) -> Evidence:
    return Evidence(*np.array(evidence, np.float64).T)


def _pack(contexts: Contexts, frames: int, changes: int) -> BeamState:
    """The state that holds the histories of ``contexts``."""
    histories = [history for rivals in contexts.values() for history in rivals]
    sizes = [len(rivals) for rivals in contexts.values()]
    return BeamState(
        frames=frames,
        nodes=tuple(history.node for history in histories),
        log_probs=np.array([history.log_prob for history in histories]),
        places=np.repeat(np.arange(len(sizes)), sizes),
        heads=np.cumsum([0, *sizes[:-1]]),
        contexts=tuple(contexts),
        evidence=_side_by_side([history.evidence for history in histories]),
        changes=changes,
    )
