"""How far what was heard is from what was said: word and character error rates, and where the errors lie."""

from stapes.evaluate.calibration import calibration_error, fit_calibration, right_words
from stapes.evaluate.endpointing import Ended, EndpointScore, score_endpoints
from stapes.evaluate.report import as_json, as_table
from stapes.evaluate.scoring import Confusion, Pair, Report, Score, evaluate, score

__all__ = [
    "Confusion",
    "Ended",
    "EndpointScore",
    "Pair",
    "Report",
    "Score",
    "as_json",
    "as_table",
    "calibration_error",
    "evaluate",
    "fit_calibration",
    "right_words",
    "score",
    "score_endpoints",
]
