"""A network that grows hears as the narrower one did, and learns with what is new."""

import torch

from stapes.model import Transducer, TransducerConfig
from stapes.train.growth import widened

NARROW = TransducerConfig(vocabulary=30, channels=(4, 6), hidden=64, layers=2, embedding=8, joint=24)
WIDE = TransducerConfig(vocabulary=30, channels=(4, 6), hidden=96, layers=2, embedding=8, joint=24)


def network(config: TransducerConfig, seed: int = 0) -> Transducer:
    torch.manual_seed(seed)
    made = Transducer(config)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(2)
    return made


def grown(narrow: Transducer, seed: int = 0) -> Transducer:
    wide = Transducer(WIDE)
    wide.load_state_dict(widened(narrow.state_dict(), WIDE.hidden, seed))
    return wide


@torch.no_grad()
def test_a_wider_network_hears_about_the_same() -> None:
    narrow = network(NARROW)
    features = torch.randn(3, 200, 80)
    for exact, other, random in zip(
        narrow.encode(features), grown(narrow).encode(features), network(WIDE).encode(features), strict=True
    ):
        spread = float((exact - exact.mean()).square().mean())
        assert float((other - exact).square().mean()) < 0.1 * spread
        assert float((random - exact).square().mean()) > spread


def test_all_new_weights_learn() -> None:
    wide = grown(network(NARROW))
    optimiser = torch.optim.SGD(wide.parameters(), lr=0.1)
    features = torch.randn(2, 100, 80)
    for _ in range(2):
        optimiser.zero_grad()
        encoder, ctc = wide.encode(features)
        (encoder.square().mean() + ctc.square().mean()).backward()
        optimiser.step()
    for name in ("lstms.0.weight_ih_l0", "lstms.1.weight_hh_l0", "encoder_projection.weight", "ctc.weight"):
        gradient = wide.get_parameter(name).grad
        assert gradient is not None
        assert (gradient[-1] != 0).any()
        assert (gradient[:, -1] != 0).any()


def test_the_seed_decides_the_new_weights_alone() -> None:
    narrow = network(NARROW)
    one, same, other = grown(narrow, 1), grown(narrow, 1), grown(narrow, 2)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, same.state_dict()[name])
    assert not torch.equal(one.lstms[0].weight_ih_l0, other.lstms[0].weight_ih_l0)
    assert torch.equal(one.lstms[0].weight_ih_l0[:64, :64], narrow.lstms[0].weight_ih_l0[:64])
