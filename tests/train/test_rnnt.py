import itertools
import math

import pytest
import torch

from stapes.errors import TrainingError
from stapes.train.rnnt import likely_windows, transducer_loss


def random_case(B, T, U, J, V, seed, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=dtype)

    labels = torch.randint(1, V, (B, U), generator=generator)
    return draw(B, T, J), draw(B, U + 1, J), draw(V, J), draw(V), labels


def enumerate_alignments(encoder, predictor, weight, bias, labels):
    """-log of the sum over every choice of frames that put out the labels, one utterance."""
    T, U = encoder.shape[0], len(labels)
    paths = []
    for chosen in itertools.combinations(range(T), U):
        done, path = 0, 0.0
        for t in range(T):
            scores = torch.log_softmax(torch.tanh(encoder[t] + predictor[done]) @ weight.T + bias, -1)
            path = path + scores[labels[done] if t in chosen else 0]
            done += t in chosen
        paths.append(path)
    return -torch.logsumexp(torch.stack(paths), 0)


@pytest.mark.parametrize(("T", "U"), [(1, 0), (1, 1), (3, 0), (4, 2), (5, 5), (6, 3), (7, 1)])
def test_equals_the_sum_over_all_alignments(T, U):
    encoder, predictor, weight, bias, labels = random_case(2, T, U, 3, 4, seed=T * 10 + U)
    loss = transducer_loss(
        encoder, predictor, weight, bias, labels, torch.tensor([T, T]), torch.tensor([U, U])
    )
    for b in range(2):
        expected = enumerate_alignments(encoder[b], predictor[b], weight, bias, labels[b])
        assert loss[b].item() == pytest.approx(expected.item(), rel=1e-12)


def windows_of(B, T, U, V, width, seed, frames, counts, labels, sharpness=4.0):
    generator = torch.Generator().manual_seed(seed)
    scores = sharpness * torch.randn(B, T, V, generator=generator, dtype=torch.float64)
    return likely_windows(scores.log_softmax(-1), labels, frames, counts, width)


def test_a_window_that_holds_every_node_changes_nothing():
    encoder, predictor, weight, bias, labels = random_case(3, 8, 5, 3, 6, seed=4)
    frames, counts = torch.tensor([8, 5, 3]), torch.tensor([5, 2, 0])
    windows = windows_of(3, 8, 5, 6, 6, 5, frames, counts, labels)
    inputs = [tensor.requires_grad_() for tensor in (encoder, predictor, weight, bias)]
    everywhere = transducer_loss(*inputs, labels, frames, counts)
    inside = transducer_loss(*inputs, labels, frames, counts, windows)
    torch.testing.assert_close(inside, everywhere)
    expected = torch.autograd.grad(everywhere.sum(), inputs)
    for ours, theirs in zip(torch.autograd.grad(inside.sum(), inputs), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_window_leaves_out_the_alignments_that_leave_it():
    T, U = 6, 3
    encoder, predictor, weight, bias, labels = random_case(1, T, U, 3, 4, seed=6)
    windows = windows_of(1, T, U, 4, 2, 7, torch.tensor([T]), torch.tensor([U]), labels)
    loss = transducer_loss(
        encoder, predictor, weight, bias, labels, torch.tensor([T]), torch.tensor([U]), windows
    )
    paths = []
    for chosen in itertools.combinations(range(T), U):
        done, path, inside = 0, 0.0, True
        for t in range(T):
            inside &= done in windows[0, t].tolist()
            scores = torch.log_softmax(torch.tanh(encoder[0, t] + predictor[0, done]) @ weight.T + bias, -1)
            path = path + scores[labels[0, done] if t in chosen else 0]
            done += t in chosen
        if inside:
            paths.append(path)
    assert 0 < len(paths) < math.comb(T, U)
    assert loss.item() == pytest.approx(-torch.logsumexp(torch.stack(paths), 0).item(), rel=1e-12)


def test_gradient_in_windows_is_exact():
    encoder, predictor, weight, bias, labels = random_case(2, 5, 3, 3, 4, seed=8)
    inputs = tuple(tensor.requires_grad_() for tensor in (encoder, predictor, weight, bias))
    frames, counts = torch.tensor([5, 4]), torch.tensor([3, 1])
    windows = windows_of(2, 5, 3, 4, 2, 9, frames, counts, labels)
    assert torch.autograd.gradcheck(lambda *x: transducer_loss(*x, labels, frames, counts, windows), inputs)


@pytest.mark.parametrize("seed", range(20))
def test_windows_move_by_single_nodes_and_hold_an_alignment(seed):
    generator = torch.Generator().manual_seed(seed)
    frames = torch.randint(1, 30, (6,), generator=generator)
    counts = (torch.rand(6, generator=generator) * (frames + 1)).long()
    T, U = int(frames.max()), int(counts.max())
    encoder, predictor, weight, bias, labels = random_case(6, T, U, 3, 9, seed)
    windows = windows_of(6, T, U, 9, 3, seed, frames, counts, labels, sharpness=20.0)
    assert windows.shape == (6, T, min(3, U + 1))
    assert windows.min() >= 0
    assert windows.max() <= U
    assert set(windows[:, :, 0].diff(dim=1).flatten().tolist()) <= {0, 1}
    inside = transducer_loss(encoder, predictor, weight, bias, labels, frames, counts, windows)
    everywhere = transducer_loss(encoder, predictor, weight, bias, labels, frames, counts)
    assert torch.isfinite(inside).all()
    assert (inside >= everywhere - 1e-9).all()


def test_windows_lie_where_the_head_is_sure():
    labels = torch.tensor([[1, 2, 3, 4]])
    spoken = [0, 1, 0, 2, 0, 0, 3, 0, 4, 0]
    log_probs = torch.full((1, 10, 5), -20.0).scatter(2, torch.tensor(spoken)[None, :, None], 0.0)
    windows = likely_windows(log_probs, labels, torch.tensor([10]), torch.tensor([4]), 2)
    done = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3, 3, 4])
    assert (windows[0] == done[:, None]).any(dim=1).all()


def test_padding_changes_nothing():
    encoder, predictor, weight, bias, labels = random_case(3, 8, 5, 3, 6, seed=1)
    frames, counts = torch.tensor([8, 5, 3]), torch.tensor([5, 2, 0])
    inputs = [tensor.requires_grad_() for tensor in (encoder, predictor)]
    loss = transducer_loss(*inputs, weight, bias, labels, frames, counts)
    gradients = torch.autograd.grad(loss.sum(), inputs)
    for b, (T, U) in enumerate(zip(frames.tolist(), counts.tolist(), strict=True)):
        alone = transducer_loss(
            encoder[b : b + 1, :T],
            predictor[b : b + 1, : U + 1],
            weight,
            bias,
            labels[b : b + 1, :U],
            frames[b : b + 1],
            counts[b : b + 1],
        )
        assert loss[b].item() == pytest.approx(alone.item(), rel=1e-12)
        assert torch.all(gradients[0][b, T:] == 0)
        assert torch.all(gradients[1][b, U + 1 :] == 0)


def test_gradient_is_exact():
    encoder, predictor, weight, bias, labels = random_case(2, 5, 3, 3, 4, seed=2)
    inputs = tuple(tensor.requires_grad_() for tensor in (encoder, predictor, weight, bias))
    frames, counts = torch.tensor([5, 4]), torch.tensor([3, 1])
    assert torch.autograd.gradcheck(lambda *x: transducer_loss(*x, labels, frames, counts), inputs)


def test_total_probability_of_all_sequences_is_one():
    encoder, predictor, weight, bias, _ = random_case(1, 3, 3, 2, 3, seed=3)
    # The predictor must not depend on the labels for the sum to be taken over them here.
    predictor = predictor[:, :1].expand(-1, 4, -1)
    total = 0.0
    for U in range(4):
        for sequence in itertools.product((1, 2), repeat=U):
            labels = torch.tensor([sequence], dtype=torch.int64).view(1, U)
            loss = transducer_loss(
                encoder, predictor[:, : U + 1], weight, bias, labels, torch.tensor([3]), torch.tensor([U])
            )
            total += math.exp(-loss.item())
    assert total == pytest.approx(1.0, rel=1e-9)


def test_lower_precision_stays_close():
    encoder, predictor, weight, bias, labels = random_case(2, 20, 6, 32, 50, seed=4, dtype=torch.float32)
    arguments = (encoder, predictor, 0.2 * weight, bias, labels, torch.tensor([20, 20]), torch.tensor([6, 4]))
    exact = transducer_loss(*arguments)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = transducer_loss(*arguments)
    torch.testing.assert_close(low, exact, rtol=0.02, atol=0.0)
    assert not torch.equal(low, exact)


def test_gradient_in_lower_precision_is_not_biased():
    """A normaliser rounded to bfloat16 moved all probabilities of a frame the same way, by up to 6 %."""
    encoder, predictor, weight, _, labels = random_case(1, 50, 0, 8, 40, seed=6, dtype=torch.float32)
    gradients = []
    for low in (False, True):
        bias = torch.full((40,), 12.0)
        bias[0] = 17.25
        bias.requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
            loss = transducer_loss(
                encoder, predictor, 0.01 * weight, bias, labels, torch.tensor([50]), torch.tensor([0])
            )
        gradients += torch.autograd.grad(loss.sum(), [bias])
    torch.testing.assert_close(gradients[1], gradients[0], rtol=0.05, atol=0.0)


def test_too_many_labels_are_refused():
    encoder, predictor, weight, bias, labels = random_case(1, 2, 3, 2, 3, seed=5)
    with pytest.raises(
        TrainingError, match="utterance 0 of the batch has 3 labels but only 2 encoder frames"
    ):
        transducer_loss(encoder, predictor, weight, bias, labels, torch.tensor([2]), torch.tensor([3]))
