"""From a trained checkpoint to a packed model; here torch ends."""

from stapes.compress.ctc_head import join_head
from stapes.compress.exporting import export_onnx
from stapes.compress.folding import fold, integer_metadata
from stapes.compress.pack import pack
from stapes.compress.post_training import Budget, compress
from stapes.compress.ranges import measure_ranges
from stapes.compress.report import Report, TensorReport
from stapes.compress.unpack import unpack

__all__ = [
    "Budget",
    "Report",
    "TensorReport",
    "compress",
    "export_onnx",
    "fold",
    "integer_metadata",
    "join_head",
    "measure_ranges",
    "pack",
    "unpack",
]
