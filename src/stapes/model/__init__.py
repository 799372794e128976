"""The networks in torch: what training trains and ``stapes.compress`` packs."""

from stapes.model.transducer import Transducer, TransducerConfig

__all__ = ["Transducer", "TransducerConfig"]
