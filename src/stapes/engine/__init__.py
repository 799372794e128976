"""The executor of packed networks; its state is a value."""

from stapes.engine.bundled import bundled_model
from stapes.engine.calibration import CALIBRATION, Calibration
from stapes.engine.reference import Network, NetworkState

__all__ = ["CALIBRATION", "Calibration", "Network", "NetworkState", "bundled_model"]
