"""The models that come with the package."""

from importlib import resources
from pathlib import Path

DEFAULT_MODEL = "en-assistant"


def bundled_model(name: str = DEFAULT_MODEL) -> Path:
    """Path of the packed model ``name`` inside the installed package."""
    return Path(str(resources.files("stapes") / "models" / f"{name}.stapes"))
