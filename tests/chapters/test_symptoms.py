"""Chapter 3's table of symptoms: each mistake, made on purpose, looks as the table says."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import softplus

from gan_lib import data
from gan_lib.training.recipes import MLP_FASHION


@pytest.fixture(scope="module")
def pixels():
    return data.load("fashion-mnist").pixels


def train(pixels, *, detach_for_g=False, step_d=True, shift=0.0, scale=1.0, batch=128, steps=400):
    """Chapter 3's loop with one mistake; the figures of its last batch."""
    torch.manual_seed(0)
    generator, discriminator = MLP_FASHION.build()  # the same first weights each time
    g_adam = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for _ in range(steps):
        real = data.to_range(pixels[torch.randint(len(pixels), (batch,))]) * scale + shift
        fake = generator(torch.randn(batch, 100))
        d_loss = softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
        d_adam.zero_grad()
        d_loss.backward()
        if step_d:
            d_adam.step()
        fake_logits = discriminator(fake.detach() if detach_for_g else fake)
        g_loss = softplus(-fake_logits).mean()
        g_adam.zero_grad()
        g_loss.backward()
        g_adam.step()
    return SimpleNamespace(d_fake=fake_logits.sigmoid().mean(), g_loss=g_loss, fake=fake, generator=generator)


def test_detach_in_gs_step_sends_d_fake_to_0_and_g_never_changes(pixels):
    broken = train(pixels, detach_for_g=True)
    assert broken.d_fake < 0.02
    assert all(map(torch.equal, broken.generator.parameters(), MLP_FASHION.build()[0].parameters()))


def test_a_discriminator_that_does_not_learn_sends_d_fake_to_1_and_gs_loss_to_0(pixels):
    broken = train(pixels, step_d=False)
    assert broken.d_fake > 0.95
    assert broken.g_loss < 0.05


def test_data_in_0_to_1_leaves_a_grey_veil(pixels):
    sound, broken = (train(pixels, batch=64, steps=700, **data) for data in ({}, {"scale": 0.5, "shift": 0.5}))
    corner = slice(0, 3)  # background in nearly every picture
    assert sound.fake[..., corner, corner].mean() < -0.5
    assert broken.fake[..., corner, corner].mean() > -0.3


def test_the_logarithm_of_a_sigmoid_is_infinite_where_softplus_is_not():
    logit = torch.tensor(-200.0)
    assert torch.log(torch.sigmoid(logit)) == -torch.inf
    assert softplus(-logit) == 200
