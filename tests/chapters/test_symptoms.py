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


def train(
    pixels,
    *,
    detach_for_d=True,
    detach_for_g=False,
    step_d=True,
    step_g=True,
    zero_grad=True,
    swapped=False,
    end=lambda logits: logits,
    lr=2e-4,
    shift=0.0,
    scale=1.0,
    batch=128,
    steps=400,
):
    """Chapter 3's loop with one mistake; the figures of its last batch."""
    torch.manual_seed(0)
    generator, network = MLP_FASHION.build()  # the same first weights each time
    g_adam = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(network.parameters(), lr=lr, betas=(0.5, 0.999))
    d_losses = []

    def discriminator(images):
        return end(network(images))

    for _ in range(steps):
        real = data.to_range(pixels[torch.randint(len(pixels), (batch,))]) * scale + shift
        fake = generator(torch.randn(batch, 100))
        real_logits, fake_logits = discriminator(real), discriminator(fake.detach() if detach_for_d else fake)
        sign = -1 if swapped else 1
        d_loss = softplus(-sign * real_logits).mean() + softplus(sign * fake_logits).mean()
        if zero_grad:
            d_adam.zero_grad()
        d_loss.backward()
        if step_d:
            d_adam.step()
        fake_logits = discriminator(fake.detach() if detach_for_g else fake)
        g_loss = softplus(-fake_logits).mean()
        if zero_grad:
            g_adam.zero_grad()
        g_loss.backward()
        if step_g:
            g_adam.step()
        d_losses.append(d_loss.item())
    d_real, d_fake = (logits.sigmoid().mean() for logits in (real_logits, fake_logits))
    return SimpleNamespace(
        d_real=d_real, d_fake=d_fake, g_loss=g_loss, d_losses=d_losses, real=real, fake=fake, generator=generator
    )


def extreme(images) -> float:
    """The share of pixels that are black or white."""
    return (images.abs() > 0.985).float().mean().item()


def corners(images) -> float:
    """The mean of what is background in nearly every picture."""
    return images[..., :3, :3].mean().item()


def test_detach_in_gs_step_sends_d_fake_to_0_and_g_never_changes(pixels):
    broken = train(pixels, detach_for_g=True)
    assert broken.d_fake < 0.02
    assert all(weights.grad is None for weights in broken.generator.parameters())
    assert all(map(torch.equal, broken.generator.parameters(), MLP_FASHION.build()[0].parameters()))


def test_a_discriminator_that_does_not_learn_sends_d_fake_to_1_and_gs_loss_to_0(pixels):
    broken = train(pixels, step_d=False)
    assert broken.d_fake > 0.95
    assert broken.g_loss < 0.05


def test_data_in_0_to_1_leaves_a_grey_veil(pixels):
    sound, broken = (train(pixels, batch=64, steps=700, **data) for data in ({}, {"scale": 0.5, "shift": 0.5}))
    assert corners(sound.fake) < -0.5
    assert corners(broken.fake) > -0.3


def test_a_missing_step_of_g_sends_d_fake_to_0_though_g_has_gradients(pixels):
    broken = train(pixels, step_g=False, steps=250)
    assert broken.d_fake < 0.02
    assert all(map(torch.equal, broken.generator.parameters(), MLP_FASHION.build()[0].parameters()))
    assert all(weights.grad.abs().max() > 0 for weights in broken.generator.parameters())


def test_without_detach_in_ds_step_the_first_update_raises(pixels):
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        train(pixels, detach_for_d=False, steps=1)


def test_swapped_labels_send_both_losses_to_0_and_the_pictures_stay_noise(pixels):
    broken = train(pixels, swapped=True, steps=200)
    assert broken.g_loss < 0.01 and broken.d_losses[-1] < 0.01
    assert corners(broken.fake) > -0.3  # and no clothes on a dark ground


def test_with_a_sigmoid_too_many_d_is_never_sure(pixels):
    broken = train(pixels, end=torch.sigmoid, steps=200)
    assert broken.d_real < 0.74 and min(broken.d_losses) > 1


def test_without_zero_grad_losses_grow_and_pixels_are_black_or_white(pixels):
    broken = train(pixels, zero_grad=False, batch=64, steps=900)
    first, second, third = (sum(broken.d_losses[start : start + 300]) / 300 for start in (0, 300, 600))
    assert first < second < third and third > 1.5 * first
    assert extreme(broken.fake) > 0.8 > 0.6 > extreme(broken.real)  # half of the data is a black ground


def test_rates_a_hundred_times_too_high_leave_black_and_white_and_losses_that_do_not_grow(pixels):
    broken = train(pixels, lr=2e-2, batch=64, steps=400)
    first, second = (sum(broken.d_losses[start : start + 200]) / 200 for start in (0, 200))
    assert second < 1.2 * first and max(broken.d_losses) > 3
    assert extreme(broken.fake) > 0.65 > 0.6 > extreme(broken.real)


def test_of_as_many_pictures_a_batch_of_thousands_makes_less(pixels):
    small, large = (train(pixels, batch=batch, steps=24_576 // batch) for batch in (64, 4_096))
    assert corners(small.fake) < corners(large.fake) - 0.2


def test_the_logarithm_of_a_sigmoid_is_infinite_where_softplus_is_not():
    logit = torch.tensor(-200.0)
    assert torch.log(torch.sigmoid(logit)) == -torch.inf
    assert softplus(-logit) == 200
