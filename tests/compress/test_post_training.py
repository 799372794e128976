"""Post-training quantisation of a small random network: budgets are kept, costs are measured, reports are true."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from stapes import engine
from stapes import format as packed_format
from stapes.cli import main
from stapes.codec import Dense, Integers, Sparse
from stapes.compress import Budget, Report, compress, fold
from stapes.compress.choosing import EXACT, Candidate, Choice, candidates, descend, prune, refine
from stapes.compress.listening import Listener, read_recordings
from stapes.compress.trained import read_trained
from stapes.corpus import Subwords, read_manifest
from stapes.errors import ConfigError, CorpusError
from stapes.features import Fbank
from tests.networks import speaking_checkpoint

AN4 = Path(__file__).parents[1] / "data" / "an4" / "manifest.jsonl"
UTTERANCES = read_manifest(AN4)[:3]
BLANK_BONUS = 2.0


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a network that puts out subwords."""
    return speaking_checkpoint(tmp_path_factory.mktemp("run"))


SIZES_BYTES = (10**6, 50_000, 40_000)


@pytest.fixture(scope="module")
def compressed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Report]]:
    """Models of three sizes, from the largest, which is no limit, to the smallest."""
    folder = tmp_path_factory.mktemp("models")
    targets = [folder / f"{size_bytes}.stapes" for size_bytes in SIZES_BYTES]
    return [
        (target, compress(source, target, Budget(size_bytes), UTTERANCES))
        for target, size_bytes in zip(targets, SIZES_BYTES, strict=True)
    ]


def test_sizes_are_kept_and_used(compressed: list[tuple[Path, Report]]) -> None:
    sizes = [report.size_bytes for _, report in compressed]
    assert sizes == [path.stat().st_size for path, _ in compressed]
    assert [size < limit for size, limit in zip(sizes, SIZES_BYTES, strict=True)] == [True, True, True]
    assert sizes[1] > 44_000
    assert sizes[2] > 37_000


def test_a_report_tells_what_is_stored(compressed: list[tuple[Path, Report]]) -> None:
    for path, report in compressed:
        entries = {entry.name: entry for entry in packed_format.read(path).entries if len(entry.shape) > 1}
        assert set(entries) == {tensor.name for tensor in report.tensors}
        for tensor in report.tensors:
            entry = entries[tensor.name]
            assert (tensor.codec, tensor.shape) == (str(entry.codec), entry.shape)
            assert (tensor.size_bytes, tensor.bits_per_weight) == (entry.size_bytes, entry.bits_per_weight)


def test_errors_are_those_of_the_stored_weights(source: Path, compressed: list[tuple[Path, Report]]) -> None:
    path, report = compressed[2]
    model = packed_format.read(path)
    exact = fold(read_trained(source).weights, model.metadata["integer"]["ranges"])
    for tensor in report.tensors:
        error = np.square(model.tensors[tensor.name] - exact[tensor.name]).sum()
        assert tensor.error == pytest.approx(error / np.square(exact[tensor.name]).sum(), rel=1e-3)
        assert 0 < tensor.error < 0.5
    assert {entry.name for entry in model.entries} == set(exact)


def test_less_bytes_mean_more_divergence(compressed: list[tuple[Path, Report]]) -> None:
    divergences = [report.divergence for _, report in compressed]
    assert divergences == sorted(divergences)
    assert divergences[0] < divergences[-1] / 4
    assert {tensor.codec for tensor in compressed[0][1].tensors} == {"dense bits=8 coded=1"}


def test_the_packed_model_runs_in_integers_and_hears_what_the_exact_network_hears(
    source: Path, compressed: list[tuple[Path, Report]]
) -> None:
    network = engine.IntegerNetwork.load(compressed[0][0])
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    encoded, _ = network.accept(noise, network.init_state())
    trained = read_trained(source)
    with torch.no_grad():
        features = torch.from_numpy(Fbank(trained.recipe.features)(noise))
        joint, ctc = trained.network().encode(features[None])
        expected = torch.cat([joint[0], ctc[:, 0]], dim=1).numpy()
    assert len(encoded) > 20
    np.testing.assert_allclose(encoded, expected[: len(encoded)], atol=0.1 * np.abs(expected).max())


def test_too_small_a_size_is_one_sentence(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stapes.compress.choosing.candidates", lambda weights: (EXACT,))
    measured: list[int] = []
    with pytest.raises(ConfigError, match=r"a size of 1000 bytes was asked for; this network takes \d{5} at"):
        compress(source, tmp_path / "m.stapes", Budget(1000), UTTERANCES, None, lambda *_: measured.append(1))
    assert not measured  # it is told before anything is measured
    assert not list(tmp_path.iterdir())


def test_a_word_error_rate_may_grow_by_its_budget_only(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def rate(self: Listener, changes: dict, recordings: Sequence, subwords: Subwords) -> float:
        asked.append(0.1 + self.divergence(changes))
        return asked[-1]

    monkeypatch.setattr(Listener, "word_error_rate", rate)
    report = compress(source, tmp_path / "m.stapes", Budget(wer_increase=0.02), UTTERANCES)
    assert (report.wer_before, report.wer_after) == (0.1, pytest.approx(0.1 + report.divergence))
    assert report.wer_after <= 0.102 < max(asked)
    assert {tensor.codec for tensor in report.tensors} != {"dense bits=8 coded=1"}


def test_an_increase_that_cannot_be_kept_is_one_sentence(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stapes.compress.choosing.candidates", lambda weights: (EXACT,))
    monkeypatch.setattr(Listener, "word_error_rate", lambda self, changes, *_: 0.1 + bool(changes))
    with pytest.raises(
        ConfigError, match=r"all matrices in 8 bits the word error rate grows from 10.00% to 110"
    ):
        compress(source, tmp_path / "m.stapes", Budget(wer_increase=0.02), UTTERANCES)


def test_words_are_counted_by_a_greedy_search(source: Path) -> None:
    trained = read_trained(source)
    listener = Listener(trained.network(), fold(trained.weights, {}))
    recordings = read_recordings(trained, UTTERANCES)
    subwords = Subwords.from_bytes(trained.subwords)
    # Only blank is ever put out: every word is missing.
    silent = {"output.bias": np.array([100.0] + [0.0] * 31, np.float32)}
    assert listener.word_error_rate(silent, recordings, subwords) == 1.0
    assert listener.word_error_rate({}, recordings, subwords) != 1.0
    with pytest.raises(CorpusError, match="nothing is said in the recordings"):
        listener.word_error_rate({}, [dataclasses.replace(recordings[0], text="")], subwords)


def test_divergence_is_that_of_the_output_on_the_path_of_the_exact_network(source: Path) -> None:
    trained = read_trained(source)
    # Blank is about as probable as all labels together, so that the path has both.
    bias = trained.weights["output.bias"] + np.float32([BLANK_BONUS] + 31 * [0])
    trained = dataclasses.replace(trained, weights={**trained.weights, "output.bias": bias})
    weights = fold(trained.weights, {"norms.1": 2.0})
    listener = Listener(trained.network(), weights)
    [recording] = read_recordings(trained, UTTERANCES[:1])
    listener.listen([recording])
    assert listener.divergence({}) == pytest.approx(0, abs=1e-6)
    rng = np.random.default_rng(0)
    for name in ("lstms.1.weight", "output.weight"):
        changed = (weights[name] * (1 + 0.1 * rng.standard_normal(weights[name].shape))).astype(np.float32)
        other = dict(trained.weights)
        if name == "output.weight":
            other[name] = changed
        else:
            other["lstms.1.weight_ih_l0"], other["lstms.1.weight_hh_l0"] = (
                changed[:, :48] / 2,
                changed[:, 48:],
            )
        expected = divergence_by_hand(trained, other, recording.features)
        assert listener.divergence({name: changed}) == pytest.approx(expected, rel=1e-3)
        assert expected > 1e-3


def divergence_by_hand(trained, other, features) -> float:
    exact, changed = trained.network(), dataclasses.replace(trained, weights=other).network()
    given, context, total, path = torch.from_numpy(features)[None], [-1, 0], 0.0, []
    with torch.no_grad():
        frames = [network.encode(given)[0][0] for network in (exact, changed)]
        for one, two in zip(*frames, strict=True):
            label = torch.tensor([context])
            p, q = (
                network.join(frame, network.predict(label)[0]).log_softmax(-1)
                for network, frame in ((exact, one), (changed, two))
            )
            total += float((p.exp() * (p - q)).sum())
            path.append(best := int(p.argmax()))
            context = [context[1], best] if best else context
    assert 5 < path.count(0) < len(path) - 5
    return total / len(frames[0])


def test_too_short_recordings_are_refused(source: Path) -> None:
    blink = [dataclasses.replace(UTTERANCES[0], duration=0.01)]
    trained = read_trained(source)
    recipe = dataclasses.replace(trained.recipe, data=dataclasses.replace(trained.recipe.data, tail_ms=0))
    with pytest.raises(CorpusError, match=r"1 recordings; at least one of 0.1 s is expected"):
        read_recordings(dataclasses.replace(trained, recipe=recipe), blink)


def test_pruning_removes_the_smallest() -> None:
    weights = np.array([[3, -1, 0.5], [-2, 4, 0.1]], np.float32)
    assert prune(weights, 0.5).tolist() == [[3, 0, 0], [-2, 4, 0]]
    assert prune(weights, 1.0) is weights
    large = np.random.default_rng(0).standard_normal((100, 100)).astype(np.float32)
    assert np.count_nonzero(Candidate(Sparse(4), kept=0.35).quantise(large).levels) == pytest.approx(
        3500, abs=5
    )


def test_small_matrices_stay_in_8_bits() -> None:
    assert [str(each.codec) for each in candidates(np.zeros((10, 10), np.float32))] == [
        "dense bits=8 coded=1"
    ]
    assert len(candidates(np.zeros((100, 100), np.float32))) > 3


def choice(size_bytes: int, divergence: float) -> Choice:
    integers = Integers(np.zeros((1, 1), np.int8), np.zeros(1, np.float32), 8)
    return Choice(Candidate(Dense(8)), integers, size_bytes, 0.0, divergence)


# Halving b costs 1 a byte, halving a costs 2 and then 6 a byte; the middle of c is worse than its last.
CHOICES = {
    "a": [choice(8, 0), choice(4, 8), choice(2, 20)],
    "b": [choice(8, 1), choice(4, 5)],
    "c": [choice(8, 0), choice(6, 30), choice(2, 21)],
}


def test_plans_descend_where_a_byte_costs_least() -> None:
    plans = [{name: choice.size_bytes for name, choice in plan.items()} for plan in descend(CHOICES)]
    assert plans == [
        {"a": 8, "b": 8, "c": 8},
        {"a": 8, "b": 4, "c": 8},
        {"a": 4, "b": 4, "c": 8},
        {"a": 4, "b": 4, "c": 2},
        {"a": 2, "b": 4, "c": 2},
    ]


def test_what_is_left_makes_a_plan_more_exact() -> None:
    last = list(descend(CHOICES))[-1]
    sizes = {name: choice.size_bytes for name, choice in refine(last, CHOICES, 5).items()}
    assert sizes == {"a": 4, "b": 4, "c": 2}
    sizes = {name: choice.size_bytes for name, choice in refine(last, CHOICES, 11).items()}
    assert sizes == {"a": 4, "b": 4, "c": 8}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "either a size or an increase of the word error rate is expected"),
        ({"size_bytes": 1, "wer_increase": 0.1}, "either a size or an increase"),
        ({"size_bytes": 0}, "a size of 0 bytes; 1 and more is accepted"),
        ({"wer_increase": -0.1}, "an increase of -0.1; 0 and more is accepted"),
    ],
)
def test_a_budget_is_one_positive_number(fields: dict[str, float], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Budget(**fields)


def test_the_verb_prints_what_each_tensor_costs(
    compressed: list[tuple[Path, Report]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, report = compressed[1]
    given = []
    monkeypatch.setattr("stapes.compress.compress", lambda *arguments: given.append(arguments[:3]) or report)
    arguments = ["compress", "best.safetensors", "m.stapes", "--size", "50KB", "--data", str(AN4)]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["tensor", "codec", "bits/weight", "bytes", "error", "divergence"]
    assert lines[-1].split() == ["file", f"{path.stat().st_size:,}", f"{report.divergence:.6f}"]
    rest = int(lines[-2].split()[2].replace(",", ""))
    assert rest + sum(tensor.size_bytes for tensor in report.tensors) == report.size_bytes
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(report.as_json()))
    assert given == [(Path("best.safetensors"), Path("m.stapes"), Budget(50_000))] * 2


def test_the_table_tells_word_error_rates(compressed: list[tuple[Path, Report]]) -> None:
    report = dataclasses.replace(compressed[2][1], wer_before=0.1, wer_after=0.123)
    assert report.as_table().endswith("\nword error rate, greedy: 10.00% before, 12.30% after")
    pruned = dataclasses.replace(report.tensors[0], kept=0.5)
    assert "kept=0.5" in dataclasses.replace(report, tensors=(pruned,)).as_table()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            ["--size", "4 pounds"],
            "'4 pounds' is no size; 4MB, 900KB, 3.5MiB and a number of bytes are accepted.",
        ),
        (["--wer", "0.02"], "'0.02' is no increase; +2% and +0.5% are accepted."),
        ([], "Either --size or --wer is expected."),
        (["--size", "4MB", "--wer", "+2%"], "Either --size or --wer is expected."),
    ],
)
def test_the_verb_refuses_other_budgets(
    options: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compress", "best.safetensors", "m.stapes", "--data", str(AN4), *options]) == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(("text", "size_bytes"), [("36KB", 36_000), ("0.036MB", 36_000), ("4KiB", 4096)])
def test_sizes_have_units(monkeypatch: pytest.MonkeyPatch, text: str, size_bytes: int) -> None:
    seen = []

    def spy(source: Path, target: Path, budget: Budget, *_: object) -> Report:
        seen.append(budget)
        raise ConfigError("seen")

    monkeypatch.setattr("stapes.compress.compress", spy)
    main(["compress", "best.safetensors", "m.stapes", "--data", str(AN4), "--size", text])
    assert seen == [Budget(size_bytes)]
