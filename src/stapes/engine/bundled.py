"""The models that come with the package."""

from importlib import resources
from pathlib import Path

from stapes.errors import FormatError

DEFAULT_MODEL = "en-assistant"


def bundled_model(name: str = DEFAULT_MODEL) -> Path:
    """Path of the packed model ``name`` inside the installed package."""
    return _folder() / f"{name}.stapes"


def bundled_models() -> list[str]:
    """Names of the models that come with this installation, in alphabetical order."""
    return sorted(path.stem for path in _folder().glob("*.stapes"))


def find_model(model: str | Path | None) -> Path:
    """Path of the packed model that a user means: a file, or a bundled model by its name; the default one for None.

    Raises:
        FormatError: neither is there.
    """
    path = bundled_model(DEFAULT_MODEL) if model is None else Path(model)
    if path.is_file():
        return path
    names = bundled_models()
    if str(model) in names:
        return bundled_model(str(model))
    bundled = f", or one of {', '.join(names)}" if names else ""
    raise FormatError(f"{path}: no such file; a packed model (.stapes) is expected{bundled}")


def _folder() -> Path:
    return Path(str(resources.files("stapes") / "models"))
