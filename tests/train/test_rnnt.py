import itertools
import math

import pytest
import torch

from stapes.errors import TrainingError
from stapes.train.rnnt import transducer_loss


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
