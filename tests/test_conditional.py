"""ACGAN on CGAN's MLPs: the same trunk, which guesses the label instead of being told it; and the famous mistake."""

import pytest
import torch

from gan_lib.networks.conditional import ACGANMLPDiscriminator, CGANDiscriminator


def test_its_trunk_is_cgans_without_the_label_at_the_door():
    mine = [repr(layer) for layer in ACGANMLPDiscriminator().trunk]
    cgans = [repr(layer) for layer in CGANDiscriminator().model[:-1]]
    assert mine[0] == cgans[0].replace("794", "784") and mine[1:] == cgans[1:]


def test_two_heads_read_one_trunk():
    torch.manual_seed(0)
    network = ACGANMLPDiscriminator((1, 4, 4), classes=3, width=4).eval()
    x = torch.rand(5, 1, 4, 4)
    logits, classes = network(x)
    h = network.trunk(x.flatten(1))
    torch.testing.assert_close(logits, h @ network.head.weight.T + network.head.bias)
    torch.testing.assert_close(classes, h @ network.class_head.weight.T + network.class_head.bias)
    assert logits.shape == (5, 1) and classes.shape == (5, 3)


def test_the_mistaken_one_gives_probabilities_which_cannot_bring_the_loss_to_0():
    torch.manual_seed(0)
    network = ACGANMLPDiscriminator((1, 4, 4), classes=10, width=4, softmax=True).eval()
    with torch.no_grad():
        network.class_head.bias[3] = 100.0  # as sure as it can be, and right
    _, classes = network(torch.rand(2, 1, 4, 4))
    torch.testing.assert_close(classes.sum(1), torch.ones(2))
    loss = torch.nn.functional.cross_entropy(classes, torch.tensor([3, 3]))
    assert loss.item() == pytest.approx(torch.log1p(9 * torch.tensor(-1.0).exp()).item())  # log(1 + 9/e), not 0
