"""From encoder frames to words: greedy and beam search over a transducer with a stateless predictor."""

from stapes.decode.beam import BeamSearch, BeamState
from stapes.decode.biasing import Phrases, Problem, read_phrases
from stapes.decode.certainty import certainties
from stapes.decode.compiled import MOST_LISTS, CompiledBeamSearch, CompiledGreedySearch
from stapes.decode.completeness import Completeness, text_features
from stapes.decode.ctc import CtcHead
from stapes.decode.dictation import Dictation
from stapes.decode.endpoint import (
    SCALARS,
    Endpointer,
    EndpointState,
    EndpointTables,
    OperatingPoint,
    Reason,
    end_probability,
    remember,
)
from stapes.decode.expectation import Expectation
from stapes.decode.greedy import GreedySearch, GreedyState
from stapes.decode.hypothesis import Hypothesis, Word
from stapes.decode.internal import InternalLanguageModel
from stapes.decode.ngram import NGram, NGramTables
from stapes.decode.scorer import BLANK, INITIAL_CONTEXT, Context, Scorer
from stapes.decode.search import Ending, Search, SearchState
from stapes.decode.segmenter import Segmenter
from stapes.decode.sound import Levels, Melody, Sound
from stapes.decode.trace import Merge, Node
from stapes.decode.wording import LatticeLimits

__all__ = [
    "BLANK",
    "INITIAL_CONTEXT",
    "MOST_LISTS",
    "SCALARS",
    "BeamSearch",
    "BeamState",
    "CompiledBeamSearch",
    "CompiledGreedySearch",
    "Completeness",
    "Context",
    "CtcHead",
    "Dictation",
    "Ending",
    "EndpointState",
    "EndpointTables",
    "Endpointer",
    "Expectation",
    "GreedySearch",
    "GreedyState",
    "Hypothesis",
    "InternalLanguageModel",
    "LatticeLimits",
    "Levels",
    "Melody",
    "Merge",
    "NGram",
    "NGramTables",
    "Node",
    "OperatingPoint",
    "Phrases",
    "Problem",
    "Reason",
    "Scorer",
    "Search",
    "SearchState",
    "Segmenter",
    "Sound",
    "Word",
    "certainties",
    "end_probability",
    "read_phrases",
    "remember",
    "text_features",
]
