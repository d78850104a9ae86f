"""Chapter 4's fair test: each row differs from the full recipe in its guideline alone."""

from dataclasses import fields

import pytest

from gan_lib.training.recipe import Recipe
from gan_lib.training.recipes import GUIDELINES, RECIPES

CHANGES = {
    "all": set(),
    "no-norm": {"generator_args", "discriminator_args"},
    "no-norm-g": {"generator_args"},
    "no-norm-d": {"discriminator_args"},
    "pool": {"generator", "generator_args", "discriminator", "discriminator_args"},
    "hidden": {"generator", "generator_args", "discriminator", "discriminator_args"},
    "leaky-g": {"generator", "generator_args"},
    "relu-d": {"discriminator", "discriminator_args"},
    "torch-init": {"init_std"},
    "beta": {"betas"},
    "rate": {"lr_g", "lr_d"},
    "notes": {"lr_g", "lr_d", "betas"},
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("guideline", GUIDELINES)
def test_a_row_of_the_ablation_differs_from_the_full_recipe_in_its_guideline_alone(guideline, seed):
    full, changed = RECIPES[f"ablation-all-{seed}"], RECIPES[f"ablation-{guideline}-{seed}"]
    found = {field.name for field in fields(Recipe) if getattr(full, field.name) != getattr(changed, field.name)}
    assert found - {"name", "about"} == CHANGES[guideline]
    for network, other in zip(full.build(), changed.build(), strict=True):
        assert (network.image_shape == other.image_shape) and changed.seed == seed


def test_two_seeds_begin_with_other_weights():
    first, second = (RECIPES[f"ablation-all-{seed}"].build()[0].model[0].weight for seed in (0, 1))
    assert (first != second).all()
