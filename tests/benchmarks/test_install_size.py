"""What a wheel weighs."""

import zipfile
from pathlib import Path

import numpy as np

from benchmarks.install_size import wheel_facts


def test_models_are_told_apart_from_the_rest_of_a_wheel(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).bytes(300_000)
    with zipfile.ZipFile(tmp_path / "a.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stapes/models/one.stapes", noise)
        archive.writestr("stapes/models/two.stapes", noise[:100_000])
        archive.writestr("stapes/_native.so", noise[:200_000])
    assert wheel_facts(tmp_path / "a.whl") == {"wheel": 0.6, "models": 0.4, "without_models": 0.2}
