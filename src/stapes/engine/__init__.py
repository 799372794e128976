"""The executor of packed networks; its state is a value."""

from stapes.engine.bundled import bundled_model
from stapes.engine.reference import Network, NetworkState

__all__ = ["Network", "NetworkState", "bundled_model"]
