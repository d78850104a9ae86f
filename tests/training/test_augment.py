"""Flips and augmentation against plain NumPy, one picture at a time, and where the loop lets D see them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gan_lib.chapters import plane
from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.networks.mlp import MLPDiscriminator
from gan_lib.training import augment, train
from gan_lib.training.augment import AUGMENTATIONS, augmented, flipped
from gan_lib.training.state import State

MANY = 400


@pytest.fixture(autouse=True)
def the_same_numbers_every_time():
    torch.manual_seed(0)


def some(n=MANY, channels=3, height=16, width=24):
    """Pictures without a 0 or two numbers alike."""
    return torch.rand(n, channels, height, width) * 0.9 + 0.05


def test_about_half_of_the_pictures_are_mirrored_left_to_right_and_nothing_else_happens():
    images = some()
    found, same, mirrored = flipped(images).numpy(), images.numpy(), images.numpy()[..., ::-1]
    is_mirrored = [np.array_equal(found[i], mirrored[i]) for i in range(MANY)]
    assert all(np.array_equal(found[i], same[i]) for i in range(MANY) if not is_mirrored[i])
    assert 0.4 * MANY < sum(is_mirrored) < 0.6 * MANY


@pytest.mark.parametrize("channels", [1, 3])
def test_colour_adds_then_stretches_around_grey_then_around_the_mean(monkeypatch, channels):
    drawn = torch.rand(3, 5, 1, 1, 1)
    monkeypatch.setattr(torch, "rand", lambda *_, **__: drawn)
    images = torch.linspace(-1, 1, 5 * channels * 12).sin().reshape(5, channels, 3, 4)
    found = augment.colour(images)
    for i, (brightness, saturation, contrast) in enumerate(drawn.flatten(1).T.double().numpy()):
        x = images[i].double().numpy() + brightness - 0.5  # (C, H, W)
        grey = x.mean(0)
        x = grey + (x - grey) * 2 * saturation
        x = x.mean() + (x - x.mean()) * (0.5 + contrast)
        np.testing.assert_allclose(found[i].numpy(), x, atol=1e-6)


def moved(picture, down, right):
    """(C, H, W) moved, 0 where nothing was."""
    c, h, w = picture.shape
    wide = np.zeros((c, 3 * h, 3 * w), picture.dtype)
    wide[:, h + down : 2 * h + down, w + right : 2 * w + right] = picture
    return wide[:, h : 2 * h, w : 2 * w]


def test_a_translation_moves_by_up_to_an_eighth_of_each_side_and_by_everything_in_between():
    images, seen = some(), set()
    for before, after in zip(images.numpy(), augment.translation(images).numpy(), strict=True):
        steps = [(d, r) for d in range(-2, 3) for r in range(-3, 4) if np.array_equal(moved(before, d, r), after)]
        assert len(steps) == 1
        seen |= set(steps)
    assert len(seen) == 5 * 7


def test_a_cutout_is_a_square_of_half_the_side_that_may_reach_over_the_border():
    images, sizes, starts = some(height=16, width=16), set(), set()
    for before, after in zip(images.numpy(), augment.cutout(images).numpy(), strict=True):
        gone = (after == 0).all(0)  # (H, W)
        rows, columns = np.flatnonzero(gone.any(1)), np.flatnonzero(gone.any(0))
        assert gone[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert np.array_equal(after, np.where(gone, 0, before))
        sizes |= {len(rows), len(columns)}
        starts |= {(rows[0], len(rows)), (columns[0], len(columns))}
    assert sizes == {4, 5, 6, 7, 8} and {(0, 4), (0, 8), (8, 8), (12, 4)} <= starts


@pytest.mark.parametrize("kinds", [[kind] for kind in AUGMENTATIONS] + [list(AUGMENTATIONS)])
def test_the_gradient_goes_through_to_the_pictures(kinds):
    def seeded(images):
        torch.manual_seed(3)
        return augmented(images, kinds)

    images = some(2, 3, 8, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(seeded, (images,))
    (gradient,) = torch.autograd.grad(seeded(images).sum(), images)
    assert gradient.any()


def test_no_kind_leaves_the_pictures_themselves_and_several_come_one_after_the_other():
    images = some(4)
    assert augmented(images, ()) is images
    torch.manual_seed(1)
    by_hand = augment.cutout(augment.translation(images))
    torch.manual_seed(1)
    assert torch.equal(augmented(images, ("translation", "cutout")), by_hand)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ("colour", "give several names"),
        (["color"], "augmentation 'color' is not known; choose one of: colour, translation, cutout"),
        (None, "augment is None; give a list"),
    ],
)
def test_other_kinds_are_refused_also_when_a_recipe_is_made(tiny, kinds, said):
    with pytest.raises(BadInput, match=said):
        augmented(some(1), kinds)
    with pytest.raises(BadInput, match=said):
        replace(tiny, augment=kinds)


# ---------------------------------------------------------------------------------------------- in the loop


class Noting(MLPDiscriminator):
    """Keeps what it sees in training."""

    def forward(self, x):
        if self.training:
            self.seen = [*getattr(self, "seen", []), x.detach().clone()]
        return super().forward(x)


def seen_in_a_step(tiny, images, **changes):
    """What D sees: real and made in its own turn, made in G's."""
    recipe = replace(tiny, discriminator=Noting, **changes)
    state = State(recipe, len(images.pixels))
    train(state, images, steps=1, show_progress=False)
    real, fake, again = state.discriminator.seen
    return real, fake, again


def test_d_sees_real_and_made_pictures_through_the_same_changes_in_both_turns(tiny, images):
    plain = seen_in_a_step(tiny, images)
    for before, after in zip(plain, seen_in_a_step(tiny, images, augment=("cutout",)), strict=True):
        holes = (after == 0).sum((1, 2, 3)) > 30
        assert holes.all() and torch.equal(after[after != 0], before[after != 0])  # the same pictures, with a hole
    real, fake, again = seen_in_a_step(tiny, images, augment=("cutout",))
    assert not torch.equal(real == 0, fake == 0) and not torch.equal(fake == 0, again == 0)  # each its own


def test_flips_are_for_real_pictures_alone(tiny, images):
    real, fake, _ = seen_in_a_step(tiny, images)
    flipped_real, *made = seen_in_a_step(tiny, images, flip=True)
    mirrored = [torch.equal(after, before.flip(2)) for before, after in zip(real, flipped_real, strict=True)]
    same = [torch.equal(after, before) for before, after in zip(real, flipped_real, strict=True)]
    assert all(m or s for m, s in zip(mirrored, same, strict=True)) and any(mirrored) and any(same)
    assert torch.equal(made[0], fake)


def test_augmentation_changes_the_training_and_none_does_not(tiny, images):
    def weights(**changes):
        state = State(replace(tiny, **changes), 64)
        train(state, images, show_progress=False)
        return state.generator.fc1.weight

    plain = weights()
    assert torch.equal(plain, weights(flip=False, augment=()))
    assert not torch.equal(plain, weights(flip=True)) and not torch.equal(plain, weights(augment=("colour",)))


def test_points_are_not_augmented():
    recipe = replace(plane.RING, augment=("colour",), steps=1, batch_size=2)
    with pytest.raises(BadInput, match="holds points, and flip and augment are for pictures"):
        train(State(recipe, 8), ImageSet("points", torch.rand(8, 2)), show_progress=False)
