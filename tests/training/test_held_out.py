"""D's verdict on held-out pictures: that it leaves no trace, what it says, and where its thresholds come from."""

import re
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import interpolate

from gan_lib import runs
from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.networks import evaluating
from gan_lib.networks.mlp import MLPDiscriminator
from gan_lib.training import HISTORY_COLUMNS, held_out, train
from gan_lib.training.held_out import HELD_OUT, by_heart, memorising
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State
from tests.conftest import TINY, random_images
from tests.states import flat


def parts(recipe, n_held_out=16):
    """The tests' pictures in the recipe's size, in two parts."""
    whole = random_images().resized(recipe.image_size)
    apart = (
        (whole.pixels[:-n_held_out], whole.labels[:-n_held_out]),
        (whole.pixels[-n_held_out:], whole.labels[-n_held_out:]),
    )
    return tuple(ImageSet(whole.name, *part, whole.classes) for part in apart)


def trained(recipe, images, **options):
    state = State(recipe, len(images.pixels))
    return state, train(state, images, show_progress=False, **options)


# ------------------------------------------------------------------------------------------------ the column


@pytest.mark.parametrize("name", TINY)
def test_a_sixth_column_and_not_another_bit(name):
    recipe = TINY[name]
    images, apart = parts(recipe)
    (without, five), (with_them, six) = trained(recipe, images), trained(recipe, images, held_out=apart)
    assert five.shape == (3, 5) and six.shape == (3, 6) and torch.equal(six[:, :5], five) and six.isfinite().all()
    before, after = (flat(state.as_dict()) for state in (without, with_them))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before if key != "history")


def test_the_column_is_ds_mean_probability_on_those_pictures_after_its_update(tiny):
    images, apart = parts(tiny)
    state, history = trained(tiny, images, held_out=apart, steps=5)
    with torch.no_grad():
        each = state.discriminator(apart.pixels.float() / 127.5 - 1).sigmoid()[:, 0]  # (16,)
    assert each.min() < history[0, 5] < each.max()  # of as many as a batch holds
    everything = replace(tiny, batch_size=16)
    state, history = trained(everything, images, held_out=apart, steps=5)
    with torch.no_grad():
        mean = state.discriminator(apart.pixels.float() / 127.5 - 1).sigmoid().mean()
    torch.testing.assert_close(history[0, 5], mean)


def test_batch_norm_compares_held_out_pictures_with_themselves_as_it_does_the_real_ones():
    recipe = replace(TINY["acgan"], batch_size=16, bfloat16=False)
    images, apart = parts(recipe)
    state, history = trained(recipe, images, held_out=apart, steps=5)
    d, x = state.discriminator, apart.pixels.float() / 127.5 - 1
    with torch.no_grad():
        training = d(x)[0].sigmoid().mean()
        with evaluating(d):
            other = d(x)[0].sigmoid().mean()
    torch.testing.assert_close(history[0, 5], training, rtol=1e-4, atol=1e-5)
    assert (other - training).abs() > 1e-3


def test_held_out_pictures_are_seen_as_the_real_ones_are(tiny):
    class Noting(MLPDiscriminator):
        def forward(self, x):
            self.seen = x.detach().clone()
            return super().forward(x)

    images, apart = parts(tiny)
    recipe = replace(tiny, discriminator=Noting, augment=("cutout",), log_every=1, batch_size=16)
    state, _ = trained(recipe, images, held_out=apart, steps=1)
    holes = state.discriminator.seen == 0
    assert (holes.sum((1, 2, 3)) > 30).all() and holes.float().mean(0).max() < 1  # each its own


def test_a_recorded_run_keeps_the_column_and_the_card_says_how_many(tmp_path, tiny):
    images, apart = parts(tiny)
    run = runs.record(tiny, images, tmp_path / "run", held_out=apart, show_progress=False)
    assert run.history.shape == (3, 6)
    assert run.card["held_out"] == {"pictures": 16, "data_hash": apart.fingerprint()}
    without = runs.record(tiny, images, tmp_path / "without", show_progress=False)
    assert without.history.shape == (3, 5) and "held_out" not in without.card


def test_a_stopped_training_goes_on_with_them_to_the_same_bits_and_not_without(tmp_path, tiny):
    images, apart = parts(tiny)

    def record(name, **options):
        return runs.record(tiny, images, tmp_path / name, show_progress=False, **options)

    whole = record("whole", held_out=apart)
    record("run", held_out=apart, steps=7)
    with pytest.raises(BadInput, match="was begun with held-out pictures; give them again"):
        record("run", resume=True)
    on = record("run", held_out=apart, resume=True)
    assert torch.equal(on.generator.fc1.weight, whole.generator.fc1.weight)
    assert [line for line in on.history.tolist() if line[0] != 7] == whole.history.tolist()
    record("other", steps=5)
    with pytest.raises(BadInput, match="was begun without held-out pictures; leave them out"):
        record("other", held_out=apart, resume=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda x: ImageSet("x", x.pixels[..., :14, :14], x.labels, x.classes),
            r"shape \(1, 28, 28\), the held-out pictures \(1, 14, 14\)",
        ),
        (lambda x: ImageSet("x", x.pixels), "the classes .* hold out some of the training's own"),
        (lambda x: ImageSet("x", x.pixels[:1], x.labels[:1], x.classes), "one picture is held out"),
        (lambda x: x.pixels, "held_out is tensor.*give an ImageSet, or None"),
    ],
)
def test_what_cannot_be_held_out_is_refused(tiny, change, said):
    images, apart = parts(tiny)
    with pytest.raises(BadInput, match=said):
        trained(tiny, images, held_out=change(apart))


# --------------------------------------------------------------------------------------------- what it says


def a_history(d_real, d_fake, d_held_out, lines=40, noise=0.02):
    rng = torch.Generator().manual_seed(0)
    table = torch.zeros(lines, 6)
    table[:, 3:] = torch.tensor([d_real, d_fake, d_held_out]) + noise * torch.randn(lines, 3, generator=rng)
    table[: lines // 2, 3:] = 7.0  # long ago
    return table


@pytest.mark.parametrize(
    ("values", "share", "said"),
    [
        ((0.7, 0.3, 0.7), 0.0, r"D does not know its pictures by heart: late in the training D\(real\) is 0\.7"),
        ((0.9, 0.1, 0.7), 0.25, "D begins to know its pictures by heart"),
        (
            (0.9, 0.1, 0.2),
            0.875,
            r"D knows its pictures by heart: .* D\(held out\) 0\.\d+, D\(fake\) 0\.\d+\. More pic",
        ),
        ((52.0, 50.0, 50.0), 1.0, "D knows its pictures by heart"),  # a critic's values have no scale
    ],
)
def test_eq_by_heart_is_the_share_of_the_way_and_has_a_sentence(values, share, said):
    history = a_history(*values)
    assert by_heart(history) == pytest.approx(share, abs=0.04)
    late = history[30:, 3:].double().mean(0)
    assert by_heart(history) == pytest.approx(((late[0] - late[2]) / (late[0] - late[1])).item())
    assert re.match(said, memorising(history))


def test_nothing_is_said_where_nothing_can_be():
    assert "D does not tell them apart" in memorising(a_history(0.5, 0.5, 0.5))
    assert "fewer than 20 lines" in memorising(a_history(0.9, 0.1, 0.2, lines=8))
    assert "does not know" in memorising(a_history(0.6, 0.4, 0.55, noise=0.2))  # no more than noise
    with pytest.raises(BadInput, match="has 5 columns, and D's verdict on held-out pictures is the sixth"):
        memorising(torch.rand(40, 5))
    assert HELD_OUT not in HISTORY_COLUMNS


def clouds(n, seed):
    """Soft random patterns: each is unlike all others, and all have much in common."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.randn(n, 1, 6, 6, generator=rng)
    return ImageSet("clouds", interpolate(coarse, size=(16, 16), mode="bicubic").mul(0.7).tanh())


TOY = Recipe(
    "clouds",
    "a D that can learn a few patterns by heart",
    dataset="clouds",
    image_size=16,
    generator_args={"image_shape": (1, 16, 16), "hidden": 64},
    discriminator_args={"image_shape": (1, 16, 16)},
    batch_size=16,
    steps=200,
    log_every=4,
    lr_d=1e-3,
)


def test_the_thresholds_tell_a_d_that_learns_by_heart_from_one_that_does_not():
    def share(n, **changes):
        history = trained(replace(TOY, **changes), clouds(n, 0), held_out=clouds(64, 99))[1]
        return by_heart(history), memorising(history)

    (few, said), (more, said_of_more), (many, said_of_many) = (share(n) for n in (16, 64, 1000))
    assert few > held_out.MUCH and said.startswith("D knows")
    assert held_out.SOME < more < held_out.MUCH and said_of_more.startswith("D begins")
    assert many < held_out.SOME and said_of_many.startswith("D does not")
    seen_otherwise, _ = share(16, augment=("colour", "translation", "cutout"))
    assert seen_otherwise < few / 2  # what augmentation is for
