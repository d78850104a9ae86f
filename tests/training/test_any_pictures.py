"""Recipes for any pictures, and the book's recipes refitted to other pictures."""

from dataclasses import replace
from inspect import signature
from itertools import pairwise

import pytest
import torch
from torch.nn.utils.parametrize import is_parametrized

from gan_lib import runs
from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.networks.any_side import AnySideDiscriminator, AnySideGenerator
from gan_lib.networks.conditional import ACGANMLPDiscriminator, CGANGenerator
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.training import recipes, train
from gan_lib.training.recipe import difference, from_card
from gan_lib.training.recipes import KINDS, RECIPES, for_pictures, refit
from gan_lib.training.state import State


def pictures(channels=3, side=32, n=16, classes=4):
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (n, channels, side, side), generator=rng, dtype=torch.uint8)
    return ImageSet("mine", pixels, torch.arange(n) % classes)


def small(recipe):
    """The same recipe with two features, which takes a moment."""
    narrow = {f"{who}_args": player.args | {"features": 2} for who, player in recipe.players.items()}
    return replace(recipe, **narrow, batch_size=4, log_every=1)


@pytest.mark.parametrize(("channels", "side"), [(1, 32), (3, 64)])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_trains_and_is_recorded_and_opened_again(tmp_path, kind, side, channels):
    images = pictures(channels, side)
    recipe = small(for_pictures(kind, (channels, side, side), 16, 4, steps=2, dataset="mine"))
    run = runs.record(recipe, images, tmp_path / "run", show_progress=False)
    assert run.history.shape == (2, 5) and run.history.isfinite().all()
    assert run.samples[2].shape == (64, channels, side, side)
    assert run.recipe.game.name == recipe.game.name and difference(run.card["recipe"], recipe) == ""
    again = runs.load(tmp_path / "run")
    assert torch.equal(runs.draw_fixed(again.generator), runs.draw_fixed(run.generator))


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("kind", KINDS)
def test_large_pictures_have_networks_of_their_side(kind, side):
    recipe = for_pictures(kind, (3, side, side), 10_000, 4)
    with torch.device("meta"):
        generator, discriminator = (player.build() for player in recipe.players.values())
        shapes = {network.image_shape for network in (generator, discriminator)}
    assert shapes == {(3, side, side)} and recipe.image_size == side


@pytest.mark.parametrize("steps", [1, 2, 7, 100, 5_000, 12_345])
def test_milestones_suit_any_number_of_updates(steps):
    milestones = for_pictures("dcgan", (3, 64, 64), 100, steps=steps).milestones
    assert milestones[0] == 0 and milestones[-1] == steps and list(milestones) == sorted(set(milestones))
    assert len(milestones) == min(steps + 1, 12)
    assert max(b - a for a, b in pairwise(milestones)) <= steps // 8 + 1


def test_few_pictures_are_seen_otherwise_and_many_are_not():
    def looks(n, **options):
        recipe = for_pictures("dcgan", (3, 64, 64), n, **options)
        return recipe.flip, recipe.augment

    every = (True, ("colour", "translation", "cutout"))
    assert looks(1_906) == every and looks(20_000) == (False, ())
    assert looks(1_906, few=False) == (False, ()) and looks(20_000, few=True) == every


def test_a_batch_takes_no_more_than_there_are_and_fewer_large_ones():
    batches = [for_pictures("dcgan", (3, side, side), 10_000).batch_size for side in (32, 64, 128, 256)]
    assert batches == sorted(batches, reverse=True) and batches[0] == 64
    assert for_pictures("dcgan", (3, 64, 64), 20).batch_size == 20


def test_the_critic_of_wgan_gp_has_no_batch_norm_and_acgans_two_heads():
    with torch.device("meta"):
        critic = for_pictures("wgan-gp", (3, 64, 64), 100).players["discriminator"].build()
        auxiliary = for_pictures("acgan", (3, 64, 64), 100, 5).players["discriminator"].build()
        told = for_pictures("cgan", (3, 64, 64), 100, 5).players["discriminator"].build()
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in critic.modules())
    assert auxiliary.auxiliary and auxiliary.classes == told.classes == 5 and not told.auxiliary


@pytest.mark.parametrize("side", [32, 64, 256])
def test_the_modern_kind_has_a_spectral_norm_and_rates_that_fall(side):
    recipe = for_pictures("modern", (3, side, side), 10_000, steps=100)
    assert recipe.rate_left(100) == pytest.approx(0.05)
    with torch.device("meta"):
        layers = list(recipe.players["discriminator"].build().modules())
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in layers)
    assert all(is_parametrized(layer, "weight") for layer in layers if isinstance(layer, torch.nn.Conv2d))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "stylegan"}, "kind 'stylegan' is not known; choose one of: dcgan, wgan-gp, acgan, cgan, modern"),
        ({"image_shape": (3, 48, 48)}, "a side of 48 pixels is not possible.*choose one of: 32, 64, 128, 256"),
        ({"image_shape": (3, 64, 32)}, r"shape \(3, 64, 32\); bring squares"),
        ({"image_shape": (64, 64)}, "bring squares"),
        ({"image_shape": None}, "image_shape is None; give a list"),
        ({"n_pictures": 0}, "n_pictures is 0; choose a whole number"),
        ({"steps": 0}, "steps is 0; choose a whole number"),
        ({"few": "yes"}, "few is 'yes'; choose True or False"),
        ({"kind": "acgan", "classes": 1}, "acgan learns what each label looks like, and the pictures have 1 class"),
        ({"kind": "cgan"}, "sort the pictures into a folder for each class"),
    ],
)
def test_what_no_recipe_can_be_made_for_is_refused(changes, said):
    given = {"kind": "dcgan", "image_shape": (3, 64, 64), "n_pictures": 100} | changes
    with pytest.raises(BadInput, match=said):
        for_pictures(**given)


# ------------------------------------------------------------------------------------------------- refitted


@pytest.mark.parametrize(
    ("name", "shape", "generator", "discriminator"),
    [
        ("dcgan-fashion", (3, 64, 64), AnySideGenerator, AnySideDiscriminator),
        ("dcgan-fashion", (3, 32, 32), DCGANGenerator, DCGANDiscriminator),
        ("wgan-gp-fashion", (1, 128, 128), AnySideGenerator, AnySideDiscriminator),
        ("acgan-fashion", (3, 64, 64), AnySideGenerator, AnySideDiscriminator),
        ("acgan-mlp-0", (3, 20, 30), CGANGenerator, ACGANMLPDiscriminator),
        ("mlp-fashion", (3, 64, 64), MLPGenerator, None),
        ("modern-fashion", (3, 64, 64), AnySideGenerator, AnySideDiscriminator),
    ],
)
def test_a_recipe_of_the_book_gets_networks_for_other_pictures_and_keeps_the_rest(
    name, shape, generator, discriminator
):
    before = recipes.recipe(name)
    after = refit(before, shape, 7, dataset="mine")
    assert after.generator is generator and after.discriminator is (discriminator or before.discriminator)
    assert after.dataset == "mine" and after.image_size == shape[-1]
    with torch.device("meta"):
        built = [player.build() for player in after.players.values()]
    assert all(network.image_shape == shape for network in built)
    assert {network.classes for network in built if hasattr(network, "classes")} <= {
        7 if before.game.conditional else 0
    }
    networks = {"generator", "discriminator", "generator_args", "discriminator_args", "dataset", "image_size"}
    same = {name for name in vars(before) if getattr(before, name) == getattr(after, name)}
    assert set(vars(before)) - same <= networks
    assert before.players["generator"].args.get("features") == after.players["generator"].args.get("features")


def test_every_recipe_is_refitted_and_trains_or_says_in_a_sentence_that_it_cannot():
    images, refused = pictures(1, 64), []
    for name, recipe in RECIPES.items():
        try:
            fitted = refit(recipe, (1, 64, 64), 4, dataset="mine")
        except BadInput as error:
            assert f"of {name} cannot be built for pictures of the shape (1, 64, 64); choose a recipe" in str(error)
            refused.append(name)
            continue
        narrow = {"features": 2, "width": 4, "hidden": 4}
        for who, player in fitted.players.items():
            known = {key: narrow[key] for key in narrow if key in signature(player.network).parameters}
            fitted = replace(fitted, **{f"{who}_args": player.args | known})
        fitted = replace(fitted, batch_size=4, steps=1, d_steps=1)
        assert train(State(fitted, 16), images, show_progress=False).isfinite().all()
        assert difference(fitted.as_card(), from_card(fitted.as_card())) == ""
    assert all(name.startswith("ablation-") for name in refused) and len(refused) < len(RECIPES) / 4


def test_pictures_that_the_recipe_has_already_change_nothing():
    for name in ("dcgan-fashion", "mlp-fashion", "ablation-pool-0"):
        recipe = recipes.recipe(name)
        side = recipe.image_size
        assert difference(recipe.as_card(), from_card(recipe.as_card())) == ""
        assert recipes.refit(recipe, (1, side, side)).build()[0].image_shape == (1, side, side)


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("dcgan-fashion", (3, 100, 100), "a side of 100 pixels is not possible"),
        ("dcgan-fashion", (3, 64, 32), r"cannot be built for pictures of the shape \(3, 64, 32\)"),
        (
            "acgan-fashion",
            (3, 64, 64),
            "acgan-fashion learns what each label looks like, and the pictures have 1 class",
        ),
        ("ablation-pool-0", (3, 32, 32), "choose a recipe for any pictures: dcgan, wgan-gp, acgan, cgan, modern"),
    ],
)
def test_what_cannot_be_refitted_is_refused(name, shape, said):
    with pytest.raises(BadInput, match=said):
        refit(recipes.recipe(name), shape)


def test_refitting_leaves_torchs_own_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    refit(recipes.recipe("dcgan-fashion"), (3, 64, 64))
    for_pictures("dcgan", (3, 64, 64), 100)
    assert torch.equal(torch.rand(3), expected)
