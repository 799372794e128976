"""Files of the values of a list."""

from pathlib import Path

from stapes.errors import ConfigError

ARROW = "=>"


def read_values(path: Path) -> dict[str, str]:
    """The values in a text file: one a line, ``said`` or ``said => value``, perhaps with a tab and a weight behind.

    Empty lines and lines that begin with # say nothing; weights are for phrases and are not looked at.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"{path}: cannot be read; a text file in UTF-8 with one name a line is expected"
        ) from None
    values: dict[str, str] = {}
    for line in lines:
        said, _, value = (part.strip() for part in line.partition("\t")[0].partition(ARROW))
        if said and not said.startswith("#"):
            values.setdefault(said, value or said)
    return values
