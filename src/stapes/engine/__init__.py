"""The executors of packed networks; their state is a value."""

from stapes.engine.bundled import bundled_model, bundled_models, find_model
from stapes.engine.calibration import CALIBRATION, Calibration
from stapes.engine.integer import IntegerNetwork, IntegerState
from stapes.engine.loading import ENGINES, load
from stapes.engine.native import NativeNetwork, NativeState, native_module
from stapes.engine.reference import Network, NetworkState

__all__ = [
    "CALIBRATION",
    "ENGINES",
    "Calibration",
    "IntegerNetwork",
    "IntegerState",
    "NativeNetwork",
    "NativeState",
    "Network",
    "NetworkState",
    "bundled_model",
    "bundled_models",
    "find_model",
    "load",
    "native_module",
]
