"""The tests mirror ``src/stapes``; ``AN4`` holds a few real recordings."""

from pathlib import Path

AN4 = Path(__file__).parent / "data" / "an4"
