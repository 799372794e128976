"""The two forms of a report."""

import json

from stapes.evaluate import Pair, as_json, as_table, evaluate

REPORT = evaluate(
    [
        Pair("1", "call ann", "call anne", "s1", "names"),
        Pair("2", "stop", "stop", "s2", "words"),
        Pair("3", "", "", None, "silence"),
    ]
)


def test_the_table_is_aligned() -> None:
    lines = as_table(REPORT).splitlines()
    # "files right %" is the last column: a table whose rows end in different columns is out of line.
    scores = lines[: lines.index("")]
    assert len({len(line) for line in scores}) == 1
    assert [line.split()[:2] for line in scores[1:]] == [
        ["all", "3"],
        ["set", "names"],
        ["set", "silence"],
        ["set", "words"],
        ["speaker", "s1"],
        ["speaker", "s2"],
    ]


def test_the_table_gives_rates_in_percent_and_a_dash_for_no_words() -> None:
    rows = {line.split("  ")[0]: line.split() for line in as_table(REPORT).splitlines()}
    assert rows["all"][1:4] == ["3", "3", "33.3"]
    assert rows["set silence"][2:6] == ["1", "0", "–", "–"]


def test_the_table_ends_with_the_confusions() -> None:
    assert as_table(REPORT).splitlines()[-2:] == ["times  said  heard", "    1  ann   anne"]


def test_json_holds_the_same_numbers() -> None:
    report = json.loads(json.dumps(as_json(REPORT)))
    assert report["total"]["wer"] == 1 / 3
    assert report["total"]["substitutions"] == 1
    assert report["sets"]["silence"]["wer"] is None
    assert report["speakers"]["s2"]["accuracy"] == 1
    assert report["confusions"] == [{"said": "ann", "heard": "anne", "count": 1}]
