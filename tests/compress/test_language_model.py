"""A language model that goes into a packed model and comes out again."""

import re
from dataclasses import replace

import numpy as np
import pytest

from stapes import Recognizer
from stapes import format as packed_format
from stapes.compress import pack
from stapes.corpus import Subwords
from stapes.decode import NGram
from stapes.engine import Network
from stapes.errors import CorpusError, FormatError
from stapes.train import checkpoint
from stapes.train.ngram import estimate
from tests.networks import SIZES, random_checkpoint

TEXT = ["turn on the light", "turn off the light", "turn on the fan", "what is the time"] * 3


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A packed model with a language model, and its subwords."""
    folder = tmp_path_factory.mktemp("language_model")
    subwords = Subwords.train(TEXT, vocab_size=33)
    source, network = random_checkpoint(folder, sizes=replace(SIZES, vocabulary=33))
    saved = checkpoint.load(source)
    facts = {**saved.facts, "subwords": subwords.to_bytes().hex(), "pieces": subwords.pieces}
    checkpoint.save(source, checkpoint.Checkpoint(7, network.state_dict(), {}, {}, facts))
    (folder / "text.txt").write_text("\n".join(TEXT))
    pack(source, folder / "m.stapes", text=folder / "text.txt")
    return folder / "m.stapes", subwords


def test_the_model_that_runs_is_the_one_that_was_estimated(packed):
    path, subwords = packed
    tables = Network.load(path).language_model
    model = NGram(tables)
    encoded = [subwords.encode(sentence) for sentence in TEXT]
    orders = estimate(encoded, len(subwords.pieces), 5, 2)
    assert [len(labels) for labels in tables.labels] == [len(order.labels) for order in orders]
    state = model.start()
    for length, label in enumerate(encoded[0]):
        context = (0, *encoded[0][:length])[-4:]
        [row] = np.flatnonzero((orders[len(context)].labels == [*context, label]).all(axis=1))
        log_prob = (model.scores(state)[label] - tables.reward) / tables.scale
        assert log_prob == pytest.approx(orders[len(context)].log_probs[row], abs=0.07)
        state = model.step(state, label)


def test_every_label_has_a_probability_after_any(packed):
    path, subwords = packed
    tables = Network.load(path).language_model
    model = NGram(tables)
    state = model.step(model.start(), subwords.encode("light")[0])
    total = np.exp((model.scores(state) - tables.reward) / tables.scale).sum()
    assert total == pytest.approx(1, abs=0.1)


def test_a_model_packed_without_text_has_none(tmp_path):
    source, _ = random_checkpoint(tmp_path)
    pack(source, tmp_path / "m.stapes")
    assert Network.load(tmp_path / "m.stapes").language_model is None


def test_text_without_a_sentence_is_refused(tmp_path):
    source, _ = random_checkpoint(tmp_path)
    (tmp_path / "empty.txt").write_text("\n")
    saved = checkpoint.load(source)
    facts = {**saved.facts, "subwords": Subwords.train(TEXT, vocab_size=33).to_bytes().hex()}
    checkpoint.save(source, checkpoint.Checkpoint(7, saved.weights, {}, {}, facts))
    with pytest.raises(
        CorpusError, match="holds no sentence; a text file with one sentence a line is expected"
    ):
        pack(source, tmp_path / "m.stapes", text=tmp_path / "empty.txt")
    assert not (tmp_path / "m.stapes").exists()


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("ngram.1.labels", lambda row: row[:, ::-1], "order 1: the labels 0 to 32 in turn are expected"),
        (
            "ngram.2.labels",
            lambda row: row[:, ::-1],
            "order 2: labels that rise below one n-gram are expected",
        ),
        ("ngram.2.labels", lambda row: row + 200, "order 2: labels up to 32 are expected"),
        ("ngram.3.labels", lambda row: row[:, 1:], "n-grams are announced, got"),
        ("ngram.1.children", lambda row: row[:, 1:], "order 2:"),
        ("ngram.2.log_probs", lambda row: row[:, 1:], "scores are expected, got"),
        ("ngram.2.backoffs", lambda row: row.T, "one row of numbers is expected, got shape"),
        ("ngram.4.labels", None, "tensor 'ngram.4.labels': one row of numbers is expected, got none"),
    ],
)
def test_tables_that_do_not_fit_are_refused(packed, tmp_path, name, damage, message):
    model = packed_format.read(packed[0])
    tensors = {entry.name: (model.tensors[entry.name], entry.codec) for entry in model.entries}
    old, own = tensors.pop(name)
    if damage is not None:
        tensors[name] = (np.ascontiguousarray(damage(old)), own)
    packed_format.write(tmp_path / "m.stapes", model.metadata, tensors)
    with pytest.raises(FormatError, match=re.escape(message)):
        Network.load(tmp_path / "m.stapes")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"order": 7}, "order: 2 to 6 is expected, got 7"),
        ({"kind": "neural"}, "kind: 'ngram' is expected, got 'neural'"),
        ({"scale": -1.0}, "scale: 0 to 10 is expected, got -1"),
        ({"reward": 11.0}, "reward: -10 to 10 is expected, got 11"),
        ({"internal_scale": 10.5}, "internal_scale: 0 to 10 is expected, got 10.5"),
    ],
)
def test_settings_out_of_range_are_refused(packed, tmp_path, setting, message):
    model = packed_format.read(packed[0])
    metadata = {**model.metadata, "language_model": {**model.metadata["language_model"], **setting}}
    tensors = {entry.name: (model.tensors[entry.name], entry.codec) for entry in model.entries}
    packed_format.write(tmp_path / "m.stapes", metadata, tensors)
    with pytest.raises(FormatError, match=re.escape(message)):
        Network.load(tmp_path / "m.stapes")


def test_what_the_network_expects_itself_is_taken_off_where_the_model_says_so(packed, tmp_path):
    model = packed_format.read(packed[0])
    tensors = {entry.name: (model.tensors[entry.name], entry.codec) for entry in model.entries}
    noise = np.random.default_rng(5).normal(0, 0.1, 16000).astype(np.float32)
    heard = {}
    for scale in (None, 0.0, 3.0):
        settings = dict(model.metadata["language_model"])
        settings.pop("internal_scale")
        settings |= {} if scale is None else {"internal_scale": scale}
        packed_format.write(tmp_path / "m.stapes", {**model.metadata, "language_model": settings}, tensors)
        heard[scale] = Recognizer(tmp_path / "m.stapes").transcribe(noise).text
    assert heard[None] == heard[0.0] != heard[3.0]
