"""A header that is sound JSON and lies: refused in one sentence that names the tensor and the section."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.format.packed_file import File, refusal

Spoil = Callable[[File], Any]

SPOILT: dict[str, tuple[Spoil, str]] = {
    "no metadata": (
        lambda file: file.header.pop("metadata"),
        "header: the keys metadata, tensors are accepted, got 'tensors'",
    ),
    "foreign key": (
        lambda file: file.header.update(extra=1),
        "header: the keys metadata, tensors are accepted, got 'extra', 'metadata', 'tensors'",
    ),
    "metadata as a list": (
        lambda file: file.header.update(metadata=[]),
        "header: 'metadata': an object is expected, got list",
    ),
    "tensors as an object": (
        lambda file: file.header.update(tensors={}),
        "header: 'tensors': a list is expected, got dict",
    ),
    "many tensors": (
        lambda file: file.header.update(tensors=[0] * 4097),
        "header: 4097 tensors; up to 4096 are accepted",
    ),
    "tensor as a number": (
        lambda file: file.header["tensors"].__setitem__(1, 5),
        "tensor 1: an object is expected, got int",
    ),
    "tensor without codec": (
        lambda file: file.tensor(1).pop("codec"),
        "tensor 1: the keys codec, name, sections, shape are accepted, got 'name', 'sections', 'shape'",
    ),
    "name with a line break": (
        lambda file: file.tensor(0).update(name="a\nb"),
        "tensor 0: name 'a\\nb' has 3 characters; 1 to 128 of A-Z a-z 0-9 _ . / - are accepted",
    ),
    "long name": (
        lambda file: file.tensor(0).update(name="a" * 129),
        f"tensor 0: name '{'a' * 40}' has 129 characters; 1 to 128 of A-Z a-z 0-9 _ . / - are accepted",
    ),
    "name as a number": (
        lambda file: file.tensor(0).update(name=3),
        "tensor 0: 'name': a string is expected, got int",
    ),
    "name twice": (
        lambda file: file.tensor(1).update(name="a.half"),
        "tensor 'a.half' appears twice",
    ),
    "names not sorted": (
        lambda file: file.tensor(1).update(name="z"),
        "tensor 'c.uniform' comes after 'z'; names in ascending order are accepted",
    ),
    "negative axis": (
        lambda file: file.tensor(0).update(shape=[-3, -5]),
        "tensor 'a.half': 'shape': a number from 0 up is accepted, got -3",
    ),
    "axis of zero": (
        lambda file: file.tensor(0).update(shape=[0, 5]),
        "tensor 'a.half': shape [0, 5] is refused; 1 to 268435456 weights are accepted",
    ),
    "axis as truth": (
        lambda file: file.tensor(0).update(shape=[True, 15]),
        "tensor 'a.half': 'shape': an integer is expected, got bool",
    ),
    "axis as float": (
        lambda file: file.tensor(0).update(shape=[3.0, 5]),
        "tensor 'a.half': 'shape': an integer is expected, got float",
    ),
    "many axes": (
        lambda file: file.tensor(0).update(shape=[3, 5] + [1] * 7),
        "tensor 'a.half': 9 axes; up to 8 are accepted",
    ),
    "huge shape": (
        lambda file: file.tensor(0).update(shape=[2**28, 2]),
        "tensor 'a.half': shape [268435456, 2] is refused; 1 to 268435456 weights are accepted",
    ),
    "product that overflows 64 bits to 15": (
        lambda file: file.tensor(0).update(shape=[3317, 5561273462077043]),
        "tensor 'a.half': shape [3317, 5561273462077043] is refused; 1 to 268435456 weights are accepted",
    ),
    "shape of another size": (
        lambda file: file.tensor(0).update(shape=[5, 5]),
        "tensor 'a.half': section 'values' has 30 bytes; codec 'float16' takes 50 for shape [5, 5]",
    ),
    "scalar in rows": (
        lambda file: file.tensor(2).update(shape=[]),
        "tensor 'c.uniform': uniform: a tensor with at least one axis is accepted, got a scalar",
    ),
    "unknown codec": (
        lambda file: file.tensor(0).update(codec={"name": "zip"}),
        "tensor 'a.half': codec 'zip' is unknown; dense, float16, float32, sparse, uniform, unsigned are accepted",
    ),
    "codec without name": (
        lambda file: file.tensor(0).update(codec={}),
        "tensor 'a.half': codec: 'name': a string is expected, got NoneType",
    ),
    "codec with a foreign parameter": (
        lambda file: file.tensor(2)["codec"].update(bit=8),
        "tensor 'c.uniform': codec 'uniform': unknown setting 'bit'; did you mean 'bits'?",
    ),
    "codec with another width": (
        lambda file: file.tensor(2)["codec"].update(bits=4),
        "tensor 'c.uniform': codec 'uniform': uniform: 8 bits are accepted, got 4",
    ),
    "codec parameter as a list": (
        lambda file: file.tensor(2)["codec"].update(bits=[8] * 999),
        "tensor 'c.uniform': codec parameter 'bits': an integer is expected, got list",
    ),
    "codec parameter with a long name": (
        lambda file: file.tensor(2)["codec"].update({"b" * 999: 8}),
        f"tensor 'c.uniform': codec parameter: name '{'b' * 40}' has 999 characters;"
        " 1 to 128 of A-Z a-z 0-9 _ . / - are accepted",
    ),
    "no sections": (
        lambda file: file.tensor(0).update(sections=[]),
        "tensor 'a.half': codec 'float16' takes the sections values, got none",
    ),
    "many sections": (
        lambda file: file.tensor(0).update(sections=[file.section(0, 0)] * 9),
        "tensor 'a.half': 9 sections; up to 8 are accepted",
    ),
    "missing section": (
        lambda file: file.tensor(2)["sections"].pop(),
        "tensor 'c.uniform': codec 'uniform' takes the sections codes, scales, got codes",
    ),
    "foreign section": (
        lambda file: file.section(2, 1).update(name="zeros"),
        "tensor 'c.uniform': codec 'uniform' takes the sections codes, scales, got codes, zeros",
    ),
    "section twice": (
        lambda file: file.section(2, 1).update(name="codes"),
        "tensor 'c.uniform': section 'codes' appears twice",
    ),
    "sections not sorted": (
        lambda file: file.tensor(2)["sections"].reverse(),
        "tensor 'c.uniform': section 'codes' comes after 'scales'; names in ascending order are accepted",
    ),
    "section with a foreign key": (
        lambda file: file.section(0, 0).update(kind=1),
        "tensor 'a.half': section 0: the keys bytes, crc32, name, offset are accepted,"
        " got 'bytes', 'crc32', 'kind', 'name', 'offset'",
    ),
    "section of another size": (
        lambda file: file.section(0, 0).update(bytes=31),
        "tensor 'a.half': section 'values' has 31 bytes; codec 'float16' takes 30 for shape [3, 5]",
    ),
    "negative offset": (
        lambda file: file.section(0, 0).update(offset=-64),
        "tensor 'a.half': section 0: 'offset': a number from 0 up is accepted, got -64",
    ),
    "offset out of range": (
        lambda file: file.section(1, 0).update(offset=2**53 - 64),
        "tensor 'b.float': section 'values' ends at byte 9007199254740940 of a data area of 384 bytes",
    ),
    "offset not aligned": (
        lambda file: file.section(1, 0).update(offset=65),
        "tensor 'b.float': section 'values' begins at byte 65; a multiple of 64 is accepted",
    ),
    "overlap": (
        lambda file: file.section(1, 0).update(offset=0),
        "tensor 'b.float': section 'values' begins at byte 0 and overlaps the one before, which ends at 64",
    ),
    "hole": (
        lambda file: file.section(1, 0).update(offset=128),
        "tensor 'b.float': section 'values' begins at byte 128 and leaves a hole; it is expected at 64",
    ),
    "data that no section holds": (
        lambda file: file.data.extend(bytes(64)),
        "the sections end at byte 384 of a data area of 448 bytes",
    ),
    "checksum beyond 32 bits": (
        lambda file: file.section(0, 0).update(crc32=2**32),
        "tensor 'a.half': section 'values' is damaged: its checksum does not match",
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_header_that_lies(good: File, tmp_path: Path, case: str) -> None:
    spoil, text = SPOILT[case]
    spoil(good)
    assert refusal(tmp_path, good.pack()) == text


def test_more_weights_than_all_tensors_may_have(good: File, tmp_path: Path) -> None:
    good.data = bytearray()
    size = 2**27 + 1
    good.header["tensors"] = [
        {
            "name": name,
            "shape": [size],
            "codec": {"name": "float16"},
            "sections": [{"name": "values", "offset": 0, "bytes": 2 * size, "crc32": 0}],
        }
        for name in "ab"
    ]
    assert (
        refusal(tmp_path, good.pack())
        == "header: 268435458 weights in all tensors; up to 268435456 are accepted"
    )
