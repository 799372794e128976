"""A model that cannot be used is refused in one sentence, the same from Python, the command line and C.

It takes little memory. C names the file in every sentence.
"""

import resource
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from stapes import Recognizer
from stapes.cli import main
from stapes.errors import FormatError
from tests.format.packed_file import File
from tests.native.building import build
from tests.native.test_programs import needs_compiler
from tests.networks import random_integer_model

RECORDING = Path(__file__).parents[1] / "data" / "an4" / "an391-mjwl-b.flac"
MOST_BYTES = 2**28


def _newer(file: File) -> None:
    file.version = 2


def _damaged(file: File) -> None:
    file.data[file.section(0, 0)["offset"]] ^= 1


def _file_of_10_gb(file: File) -> None:
    file.file_bytes = 10 * 2**30


def _tensor_of_10_gb(file: File) -> None:
    file.tensor(_index(file, "output.weight"))["shape"] = [50_000, 50_000]


def _network_of_10_gb(file: File) -> None:
    file.header["metadata"]["network"] |= {"hidden": 4096, "layers": 4096}


def _index(file: File, name: str) -> int:
    return [each["name"] for each in file.header["tensors"]].index(name)


CASES: dict[str, tuple[Callable[[File], None], str]] = {
    "newer format": (_newer, "format version 2 is not supported; version 1 is accepted"),
    "wrong checksum": (_damaged, "is damaged: its checksum does not match"),
    "a file of 10 GB": (_file_of_10_gb, "10737418240"),
    "a tensor of 10 GB": (_tensor_of_10_gb, "tensor 'output.weight'"),
    "a network of 10 GB": (_network_of_10_gb, "[16384, 8192]"),
}


@pytest.fixture(scope="module")
def sound_model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return random_integer_model(tmp_path_factory.mktemp("sound")).read_bytes()


def from_python(path: Path) -> str:
    tracemalloc.start()
    try:
        with pytest.raises(FormatError) as refused:
            Recognizer(path)
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    return str(refused.value)


def from_command_line(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["transcribe", str(RECORDING), "--model", str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.removeprefix("stapes: error: ").removesuffix("\n")


def from_c(path: Path) -> str:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))

    program = build("transcribe")
    done = subprocess.run([program, path], input=b"", capture_output=True, timeout=60, preexec_fn=limit)
    assert (done.returncode, done.stdout) == (1, b"")
    return done.stderr.decode().removesuffix("\n")


@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_one_sentence_everywhere(
    name: str, sound_model: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, expected = CASES[name]
    file = File.parse(sound_model)
    spoil(file)
    path = tmp_path / "model.stapes"
    path.write_bytes(file.pack())
    sentence = from_python(path)
    assert expected in sentence
    assert sentence.startswith((f"{path}: ", "packed model: "))
    assert "\n" not in sentence
    assert from_command_line(path, capsys) == sentence
    assert from_c(path).removeprefix(f"{path}: ") == sentence.removeprefix(f"{path}: ")
