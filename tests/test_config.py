from dataclasses import dataclass, field
from typing import Literal

import pytest

from stapes import config
from stapes.errors import ConfigError


@dataclass(frozen=True)
class Inner:
    width: int = 3
    share: float = 0.5
    sizes: tuple[int, ...] = (1, 2)

    def __post_init__(self):
        if self.width < 1:
            raise ConfigError(f"width: 1 or more is expected, got {self.width}")


@dataclass(frozen=True)
class Outer:
    name: str
    mode: Literal["fast", "exact"] = "fast"
    weights: dict[str, float] = field(default_factory=dict)
    limit: int | None = None
    active: bool = False
    inner: Inner = field(default_factory=Inner)


def write(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


def test_a_file_fills_nested_settings(tmp_path):
    path = write(tmp_path, 'name = "a"\nmode = "exact"\n[inner]\nshare = 1\nsizes = [4]\n[weights]\nx = 2\n')
    settings = config.load(Outer, path)
    assert settings == Outer("a", "exact", {"x": 2.0}, inner=Inner(3, 1.0, (4,)))
    assert isinstance(settings.inner.share, float)


def test_overrides_win_over_the_file(tmp_path):
    path = write(tmp_path, 'name = "a"\n[inner]\nwidth = 4\n')
    overrides = ["inner.width=9", "name=b", "weights.x=0.5", "active=true", "inner.sizes=[7, 8]", "limit=2"]
    settings = config.load(Outer, path, overrides)
    assert settings == Outer("b", weights={"x": 0.5}, limit=2, active=True, inner=Inner(9, sizes=(7, 8)))


def test_settings_come_back_from_their_dictionary():
    settings = Outer("a", weights={"x": 1.0}, inner=Inner(7))
    assert config.build(Outer, config.to_dict(settings), "stored") == settings


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ('nam = "a"', [], "unknown setting 'nam'; did you mean 'name'?"),
        (
            'name = "a"\nzzz = 1',
            [],
            "unknown setting 'zzz'; known are active, inner, limit, mode, name, weights",
        ),
        ("", [], "setting 'name' is missing"),
        ("name = 3", [], "name: a value of type str is expected, got 3"),
        ('name = "a"\nactive = 1', [], "active: a value of type bool is expected, got 1"),
        ('name = "a"\nlimit = true', [], "limit: a value of type int is expected, got True"),
        ('name = "a"\nmode = "slow"', [], "mode: one of 'fast', 'exact' is expected, got 'slow'"),
        ('name = "a"\ninner = 3', [], "inner: a table is expected, got 3"),
        ('name = "a"\nweights = 3', [], "weights: a table is expected, got 3"),
        ('name = "a"\n[inner]\nsizes = 3', [], "sizes: a list is expected, got 3"),
        ('name = "a"\n[inner]\nsizes = [1, "x"]', [], "sizes[1]: a value of type int is expected, got 'x'"),
        ('name = "a"\n[inner]\nwidth = 0', [], "inner: width: 1 or more is expected, got 0"),
        ('name = "a"', ["inner.width"], "--set inner.width: written as name=value"),
        ('name = "a"', ["name.x=1"], "--set name.x=1: 'name' is no table"),
        ("name = ", [], "not a TOML file"),
    ],
)
def test_errors_say_where_and_what_is_accepted(tmp_path, text, overrides, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.load(Outer, path, overrides)
    assert message in str(caught.value)
    assert "--set" in message or str(caught.value).startswith(str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none.toml: no such file; a recipe in TOML is expected"):
        config.load(Outer, tmp_path / "none.toml")
