"""The recipes, and the loop against one that is written as plainly as possible."""

import json
from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from gan_lib import games, recipes
from gan_lib.errors import BadInput
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.training import HISTORY_COLUMNS, train


def trained(recipe, images, **options):
    """Generator, discriminator and history after a training."""
    generator, discriminator = recipe.build()
    history = train(recipe, generator, discriminator, images.pixels, show_progress=False, **options)
    return generator, discriminator, history


def naive(recipe, pixels, minimax=False):
    """The same training in other words: BCE on logits, labels of ones and zeros, Adam's plain implementation."""
    torch.manual_seed(recipe.seed)
    g, d = MLPGenerator(), MLPDiscriminator()
    g_adam = torch.optim.Adam(g.parameters(), recipe.lr_g, recipe.betas, foreach=False, fused=False)
    d_adam = torch.optim.Adam(d.parameters(), recipe.lr_d, recipe.betas, foreach=False, fused=False)
    bce, b = nn.BCEWithLogitsLoss(), recipe.batch_size
    ones, zeros = torch.ones(b, 1), torch.zeros(b, 1)
    rng = torch.Generator().manual_seed(recipe.seed)
    order, lines = [], []
    for _ in range(recipe.steps):
        for _ in range(recipe.d_steps):
            if len(order) < b:
                order = torch.randperm(len(pixels), generator=rng).tolist()
            rows, order = order[:b], order[b:]
            real = pixels[rows].float() / 127.5 - 1
            fake = g(torch.randn(b, 100, generator=rng))
            d_adam.zero_grad()
            on_real, on_fake = d(real), d(fake.detach())
            d_loss = bce(on_real, ones) + bce(on_fake, zeros)
            d_loss.backward()
            d_adam.step()
        g_adam.zero_grad()
        g_loss = -bce(d(fake), zeros) if minimax else bce(d(fake), ones)
        g_loss.backward()
        g_adam.step()
        lines.append([d_loss.item(), g_loss.item(), on_real.sigmoid().mean().item(), on_fake.sigmoid().mean().item()])
    return g, d, torch.tensor(lines)


def assert_same_weights(one, other, **tolerance):
    torch.testing.assert_close(one.state_dict(), other.state_dict(), **(tolerance or {"rtol": 0, "atol": 0}))


# ------------------------------------------------------------------------------------------ recipes


def test_the_headline_recipe_is_the_notes_one():
    recipe = recipes.recipe("mlp-fashion")
    generator, discriminator = recipe.build()
    assert sum(p.numel() for p in generator.parameters()) == 114_064
    assert sum(p.numel() for p in discriminator.parameters()) == 100_609
    assert (recipe.batch_size, recipe.lr_g, recipe.lr_d, recipe.betas) == (128, 2e-4, 2e-4, (0.5, 0.999))
    assert recipe.steps >= 50_000 and {100, 1_000, 5_000, 10_000, 20_000, 50_000} <= set(recipe.milestones)


def test_every_recipe_is_known_by_its_own_name_and_ends_at_a_milestone():
    for name, recipe in recipes.RECIPES.items():
        assert recipes.recipe(name) is recipe and recipe.name == name
        assert list(recipe.milestones) == sorted(set(recipe.milestones)) and recipe.milestones[-1] == recipe.steps


def test_an_unknown_recipe_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match=r"recipe 'mpl-fashion' is not known; choose one of: mlp-fashion, .*k5-slow-g\."):
        recipes.recipe("mpl-fashion")


def test_build_depends_on_the_seed_alone_and_leaves_torchs_own_numbers_alone(tiny):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = tiny.build(), tiny.build(), replace(tiny, seed=1).build()
    assert torch.equal(torch.rand(3), expected)
    for i in (0, 1):
        assert_same_weights(first[i], again[i])
        assert not torch.equal(first[i].fc1.weight, other[i].fc1.weight)


def test_a_card_holds_every_field_as_plain_json(tiny):
    card = tiny.as_card()
    assert set(card) == {field.name for field in fields(tiny)}
    assert json.loads(json.dumps(card)) == card
    assert (card["generator"], card["discriminator"]) == ("MLPGenerator", "MLPDiscriminator")
    assert card["game"] == "non-saturating" and card["milestones"] == [0, 5]


# ------------------------------------------------------------------------------------------ the loop


@pytest.mark.parametrize(
    ("changes", "minimax"),
    [
        ({}, False),
        ({"game": games.MINIMAX}, True),
        ({"d_steps": 3, "lr_g": 5e-5, "seed": 4}, False),
    ],
)
def test_the_loop_trains_like_the_naive_one(tiny, images, changes, minimax):
    recipe = replace(tiny, steps=10, log_every=1, **changes)  # 10 batches of 8: more than an epoch of 64
    generator, discriminator, history = trained(recipe, images)
    expected_g, expected_d, expected_history = naive(recipe, images.pixels, minimax)
    assert_same_weights(generator, expected_g, rtol=0, atol=1e-5)
    assert_same_weights(discriminator, expected_d, rtol=0, atol=1e-5)
    torch.testing.assert_close(history[:, 1:], expected_history, rtol=1e-4, atol=1e-5)
    moved = generator.fc1.weight - recipe.build()[0].fc1.weight
    assert moved.abs().max() > 1e-4  # far more than the tolerance above


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tiny, images):
    first, again, other = (trained(replace(tiny, seed=seed), images) for seed in (0, 0, 1))
    assert_same_weights(first[0], again[0])
    assert_same_weights(first[1], again[1])
    assert torch.equal(first[2], again[2])
    assert not torch.equal(first[0].fc1.weight, other[0].fc1.weight)


def test_global_random_numbers_do_not_matter(tiny, images):
    torch.manual_seed(1)
    first = trained(tiny, images)
    torch.manual_seed(2)
    assert_same_weights(first[0], trained(tiny, images)[0])


class Watched(MLPDiscriminator):
    """Notes, for each pass, whether D is being taught and whether gradient may flow back into the pictures."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append((self.fc1.weight.requires_grad, x.requires_grad))
        return super().forward(x)


def test_ds_step_sees_detached_fakes_and_gs_step_a_frozen_d(tiny, images):
    _, discriminator, _ = trained(replace(tiny, discriminator=Watched, d_steps=2), images, steps=3)
    taught_on_real = taught_on_fake = (True, False)
    fooled = (False, True)
    assert discriminator.seen == 3 * [taught_on_real, taught_on_fake, taught_on_real, taught_on_fake, fooled]


def test_d_is_not_frozen_after_training_and_holds_no_gradient_of_gs_step(tiny, images):
    generator, discriminator, _ = trained(replace(tiny, lr_d=0.0, lr_g=0.0), images, steps=1)
    assert all(p.requires_grad for p in discriminator.parameters())

    rng = torch.Generator().manual_seed(tiny.seed)
    rows = torch.randperm(64, generator=rng)[:8]
    fake = generator(torch.randn(8, 100, generator=rng))
    d_loss = games.discriminator_loss(discriminator(images.pixels[rows] / 127.5 - 1), discriminator(fake.detach()))
    expected = torch.autograd.grad(d_loss, list(discriminator.parameters()))
    torch.testing.assert_close([p.grad for p in discriminator.parameters()], list(expected), rtol=1e-4, atol=1e-6)


def test_ds_step_leaves_no_gradient_in_g(tiny, images):
    def give_no_gradient(fake_logits):
        return 0 * fake_logits.sum()

    game = games.Game("D only", games.discriminator_loss, give_no_gradient)
    generator, discriminator, _ = trained(replace(tiny, game=game), images)
    assert all(p.grad.abs().max() == 0 for p in generator.parameters())
    assert_same_weights(generator, tiny.build()[0])
    assert not torch.equal(discriminator.fc1.weight, tiny.build()[1].fc1.weight)


def test_d_steps_is_the_number_of_updates_of_d_for_each_of_g(tiny, images, monkeypatch):
    updates = []
    real_step = torch.optim.Adam.step

    def step(adam, *arguments):
        updates.append(adam.param_groups[0]["lr"])
        return real_step(adam, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    trained(replace(tiny, d_steps=3, lr_d=0.2, lr_g=0.1), images, steps=4)
    assert updates == 4 * [0.2, 0.2, 0.2, 0.1]


def test_the_history_has_a_line_every_few_steps_and_one_at_the_end(tiny, images):
    _, _, history = trained(tiny, images)
    assert HISTORY_COLUMNS == ("step", "d_loss", "g_loss", "d_real", "d_fake")
    assert history.shape == (3, 5) and history.dtype == torch.float32 and not history.requires_grad
    assert history[:, 0].tolist() == [5, 10, 12]
    assert (history[:, 1:3] > 0).all() and (history[:, 3:] > 0).all() and (history[:, 3:] < 1).all()


def test_milestones_come_after_exactly_their_number_of_updates(tiny, images):
    generator, discriminator = tiny.build()
    before, calls = generator.fc2.bias.detach().clone(), []

    def at_milestone(step):
        calls.append((step, generator.fc2.bias.detach().clone()))

    recipe = replace(tiny, milestones=(0, 1, 5, 100))
    train(recipe, generator, discriminator, images.pixels, at_milestone=at_milestone, show_progress=False)
    assert [step for step, _ in calls] == [0, 1, 5]
    assert torch.equal(calls[0][1], before)
    for step, bias in calls[1:]:
        assert torch.equal(bias, trained(recipe, images, steps=step)[0].fc2.bias)


def test_a_milestone_that_draws_and_leaves_eval_mode_changes_nothing(tiny, images):
    generator, discriminator = tiny.build()

    def look(step):
        generator.train()
        with torch.no_grad():
            generator(torch.randn(3, 100))

    train(tiny, generator, discriminator, images.pixels, at_milestone=look, show_progress=False)
    assert_same_weights(generator, trained(tiny, images)[0])


@pytest.mark.parametrize("steps", [0, -1])
def test_fewer_than_one_step_is_refused(tiny, images, steps):
    with pytest.raises(BadInput, match=f"steps is {steps}; choose at least 1"):
        trained(tiny, images, steps=steps)


def test_a_batch_larger_than_the_data_is_refused(tiny, images):
    with pytest.raises(BadInput, match="batch size 65 is not possible with 64 images"):
        trained(replace(tiny, batch_size=65), images)


def test_nothing_waits_for_the_device_at_each_step(tiny, images, monkeypatch):
    count = 0

    def counted(method):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            return method(*arguments, **options)

        return call

    for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, name, counted(getattr(torch.Tensor, name)))

    def syncs(steps):
        nonlocal count
        count = 0
        trained(replace(tiny, log_every=1), images, steps=steps)
        return count

    few, many = syncs(2), syncs(30)
    assert few == many > 0
