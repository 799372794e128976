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


def test_a_file_says_only_what_differs_from_its_base(tmp_path):
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases/b.toml").write_text(
        'name = "b"\nlimit = 4\n[inner]\nwidth = 4\nshare = 0.1\n[weights]\nx = 1\ny = 2\n'
    )
    path = write(tmp_path, 'base = "bases/b.toml"\nname = "a"\n[inner]\nwidth = 9\n[weights]\ny = 3\n')
    settings = config.load(Outer, path, ["inner.share=0.2"])
    assert settings == Outer("a", limit=4, weights={"x": 1.0, "y": 3.0}, inner=Inner(9, 0.2))


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("3", "base: the path of a TOML file is expected, got 3"),
        ('"none.toml"', "none.toml: no such file; a recipe in TOML is expected"),
        ('"recipe.toml"', "recipe.toml: is based on itself; a base without a circle is expected"),
    ],
)
def test_a_wrong_base_is_told(tmp_path, base, message):
    path = write(tmp_path, f'base = {base}\nname = "a"\n')
    with pytest.raises(ConfigError) as caught:
        config.load(Outer, path)
    assert str(caught.value).endswith(message)


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
