"""The recipes, and the loop against one that is written as plainly as possible."""

import json
from dataclasses import fields, replace
from zlib import crc32

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from gan_lib.errors import BadInput, BadRun, Diverged
from gan_lib.machine import parallel
from gan_lib.networks import checks
from gan_lib.networks.conditional import ACGANMLPDiscriminator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.training import HISTORY_COLUMNS, games, loop, recipes, train
from gan_lib.training.games import Batch
from gan_lib.training.recipe import Decides, Players, Recipe, Reported, difference, from_card
from gan_lib.training.state import State
from tests.conftest import TINY


def trained(recipe, images, state=None, **options):
    """The state and the history after a training."""
    images = images.resized(recipe.image_size)
    state = state or State(recipe, len(images.pixels))
    return state, train(state, images, show_progress=False, **options)


# ---------------------------------------------------------------------------------------- the naive loop
#
# The same training in other words: no games, no State, no in-place tricks; BCE on logits with labels of ones and
# zeros, the optimizers' plain implementations, every value taken out of torch at once. Below, what each game asks of
# D and of G, again in other words than `gan_lib.training.games` has it.


def bce(logits, target):
    return nn.BCEWithLogitsLoss()(logits, torch.full_like(logits, target))


def naive_vanilla_d(d, real, fake, labels):
    on_real, on_fake = d(real), d(fake)
    return bce(on_real, 1.0) + bce(on_fake, 0.0), on_real.sigmoid(), on_fake.sigmoid()


def naive_cgan_d(d, real, fake, labels):
    on_real, on_fake = d(real, labels), d(fake, labels)
    return bce(on_real, 1.0) + bce(on_fake, 0.0), on_real.sigmoid(), on_fake.sigmoid()


def naive_acgan_d(d, real, fake, labels):
    (on_real, real_classes), (on_fake, fake_classes) = d(real), d(fake)
    right = cross_entropy(real_classes, labels) + cross_entropy(fake_classes, labels)
    return bce(on_real, 1.0) + bce(on_fake, 0.0) + right, on_real.sigmoid(), on_fake.sigmoid()


def naive_acgan_g(d, fake, labels):
    on_fake, fake_classes = d(fake)
    return bce(on_fake, 1.0) + cross_entropy(fake_classes, labels)


def naive_critic(d, real, fake, labels):
    on_real, on_fake = d(real), d(fake)
    return -(on_real.mean() - on_fake.mean()), on_real, on_fake


def naive_critic_gp(d, real, fake, labels):
    """The penalty one example after the other; ε are the next of torch's global numbers."""
    loss, on_real, on_fake = naive_critic(d, real, fake, labels)
    penalty = 0.0
    for x, y, epsilon in zip(real, fake, torch.rand(len(real), 1, 1, 1), strict=True):
        between = (epsilon * x + (1 - epsilon) * y).requires_grad_()
        (gradient,) = torch.autograd.grad(d(between[None]).squeeze(), between, create_graph=True)
        penalty = penalty + (gradient.square().sum().sqrt() - 1) ** 2
    return loss + 10 * penalty / len(real), on_real, on_fake


def naive_hinge(d, real, fake, labels):
    """A sum over the examples whose margin is not kept."""
    on_real, on_fake = d(real), d(fake)
    loss = sum(1 - v for v in on_real if v < 1) / len(real) + sum(1 + v for v in on_fake if v > -1) / len(fake)
    return loss, on_real, on_fake


def naive_squares(d, real, fake, labels):
    on_real, on_fake = d(real), d(fake)
    loss = mse_loss(on_real, torch.ones_like(on_real)) / 2 + mse_loss(on_fake, torch.zeros_like(on_fake)) / 2
    return loss, on_real, on_fake


def naive_slopes(d, pictures):
    """E[|∇D|²], one picture after the other."""
    total = 0.0
    for x in pictures:
        x = x.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(d(x[None]).squeeze(), x, create_graph=True)
        total = total + gradient.pow(2).sum()
    return total / len(pictures)


def naive_r1_d(d, real, fake, labels):
    loss, p_real, p_fake = naive_vanilla_d(d, real, fake, labels)
    return loss + 0.5 * naive_slopes(d, real), p_real, p_fake


def naive_pairs(values, others):
    return nn.BCEWithLogitsLoss()(values - others, torch.ones_like(values))


def naive_relativistic_d(d, real, fake, labels):
    on_real, on_fake = d(real), d(fake)
    return (
        naive_pairs(on_real, on_fake) + 0.25 * naive_slopes(d, real) + 0.25 * naive_slopes(d, fake),
        on_real,
        on_fake,
    )


NAIVE = {
    "vanilla": (naive_vanilla_d, lambda d, fake, labels: bce(d(fake), 1.0)),
    "minimax": (naive_vanilla_d, lambda d, fake, labels: -bce(d(fake), 0.0)),
    "cgan": (naive_cgan_d, lambda d, fake, labels: bce(d(fake, labels), 1.0)),
    "acgan": (naive_acgan_d, naive_acgan_g),
    "hinge": (naive_hinge, lambda d, fake, labels: -d(fake).mean()),
    "least-squares": (naive_squares, lambda d, fake, labels: mse_loss(d(fake), torch.ones(len(fake), 1)) / 2),
    "wgan": (naive_critic, lambda d, fake, labels: -d(fake).mean()),
    "wgan-gp": (naive_critic_gp, lambda d, fake, labels: -d(fake).mean()),
    "r1": (naive_r1_d, lambda d, fake, labels: bce(d(fake), 1.0)),
    "relativistic": (naive_relativistic_d, lambda d, fake, labels, real: naive_pairs(d(fake), d(real))),
}


def naive(recipe, images, game):
    """Generator, discriminator, G's average as a dict, and the history without its steps; pictures in −1…1."""
    g, d = recipe.build()
    d_loss_of, g_loss_of = NAIVE[game]
    options = {"foreach": False} | ({"betas": recipe.betas} if recipe.optimizer is torch.optim.Adam else {})
    g_optimizer = recipe.optimizer(g.parameters(), recipe.lr_g, **options)
    d_optimizer = recipe.optimizer(d.parameters(), recipe.lr_d, **options)
    average = {name: value.detach().clone() for name, value in g.named_parameters()}
    b, rng = recipe.batch_size, torch.Generator().manual_seed(recipe.seed)
    order, lines = [], []
    for step in range(1, recipe.steps + 1):
        torch.manual_seed(crc32(f"{recipe.seed} 0 {step}".encode()))
        left = np.cos(np.pi / 2 * min(1, step / recipe.steps)) ** 2  # (1 + cos 2x) / 2 = cos² x
        for optimizer, lr in ((g_optimizer, recipe.lr_g), (d_optimizer, recipe.lr_d)):
            optimizer.param_groups[0]["lr"] = lr * (left + recipe.lr_end * (1 - left))
        for _ in range(recipe.d_steps):
            if len(order) < b:
                order = torch.randperm(len(images.pixels), generator=rng).tolist()
            rows, order = order[:b], order[b:]
            real, labels = images.pixels[rows], images.labels[rows]
            z = torch.randn(b, 100, generator=rng)
            fake = g(z, labels) if recipe.game.conditional else g(z)
            d_optimizer.zero_grad()
            d_loss, on_real, on_fake = d_loss_of(d, real, fake.detach(), labels)
            d_loss.backward()
            d_optimizer.step()
            if recipe.game.clip:
                for weight in d.parameters():
                    weight.data = weight.data.clamp(-recipe.game.clip, recipe.game.clip)
        g_optimizer.zero_grad()
        g_loss = g_loss_of(d, fake, labels, *((real,) if game == "relativistic" else ()))
        g_loss.backward()
        g_optimizer.step()
        keep = min(recipe.ema or 0.0, (1 + step) / (10 + step))
        for name, value in g.named_parameters():
            average[name] = keep * average[name] + (1 - keep) * value.detach()
        lines.append([d_loss.item(), g_loss.item(), on_real.mean().item(), on_fake.mean().item()])
    return g, d, average, torch.tensor(lines)


def assert_same_weights(one, other, **tolerance):
    torch.testing.assert_close(one.state_dict(), other.state_dict(), **(tolerance or {"rtol": 0, "atol": 0}))


def moved(recipe, state):
    """The largest change of a weight of G, and of D."""
    pairs = zip(recipe.build(), (state.generator, state.discriminator), strict=True)
    return [
        max((a - b).abs().max().item() for a, b in zip(old.parameters(), new.parameters(), strict=True))
        for old, new in pairs
    ]


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


def test_every_recipe_builds_networks_that_fit_its_pictures_and_each_other():
    for recipe in recipes.RECIPES.values():
        generator, discriminator = recipe.build()
        labels = torch.arange(2) if recipe.game.conditional else None
        drawn = generator(torch.randn(2, generator.latent_dim), labels)
        assert drawn.shape == (2, 1, recipe.image_size, recipe.image_size)
        batch = Batch(drawn, drawn, labels)
        assert recipe.game.g_loss(discriminator, batch).isfinite()
        assert recipe.game.d_loss(discriminator, batch).real_logits.numel() == 2


def test_an_unknown_recipe_is_refused_with_those_most_like_it():
    said = r"recipe 'mpl-fashion' is not known; choose one of: mlp-fashion, .* and \d+ more\."
    with pytest.raises(BadInput, match=said):
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
    for recipe in (tiny, *recipes.RECIPES.values()):
        card = json.loads(json.dumps(recipe.as_card()))
        for part, kind in (("decides", Decides), ("reported", Reported)):
            assert set(card[part]) == {field.name for field in fields(kind)}
        again = from_card(card)
        assert json.loads(json.dumps(again.as_card())) == card and difference(card, recipe) == ""
        for mine, theirs in zip(recipe.build(), again.build(), strict=True):
            assert_same_weights(mine, theirs)
    assert {f.name for f in fields(Recipe)} == {f.name for kind in (Players, Decides, Reported) for f in fields(kind)}
    card = tiny.as_card()
    assert card["players"]["generator"] == {
        "network": "mlp-generator",
        "args": {},
        "optimizer": "Adam",
        "optimizer_args": {"lr": 2e-4, "betas": [0.5, 0.999]},
    }
    assert card["decides"]["game"] == {"name": "non-saturating", "args": {}}
    assert (card["reported"]["milestones"], card["reported"]["keeps"]) == ([0, 5], ["generator"])


def test_the_difference_of_two_recipes_names_each_field_and_no_other(tiny):
    reported = replace(tiny, name="other", about="other words", milestones=(3,), log_every=1, pictures=7, steps=99)
    assert difference(tiny.as_card(), replace(reported, keep_best=True, keeps=())) == ""
    other = replace(tiny, generator_args={"hidden": 7}, seed=4, game=games.smoothed(0.2))
    assert difference(tiny.as_card(), other) == (
        "generator.args: recorded {}, asked {'hidden': 7}; game: recorded {'name': 'non-saturating', 'args': {}}, "
        "asked {'name': 'smoothed', 'args': {'smoothing': 0.2}}; seed: recorded 0, asked 4"
    )


def test_rates_fall_along_half_a_cosine_to_the_part_that_is_left_and_stay_there(tiny):
    recipe = replace(tiny, lr_end=0.2, steps=100)
    assert [recipe.rate_left(step) for step in (50, 100, 1000)] == pytest.approx([0.6, 0.2, 0.2])
    ways = np.arange(1, 101)
    falls = -np.diff([1.0, *(recipe.rate_left(int(step)) for step in ways)])  # a sine's half wave, as its derivative is
    np.testing.assert_allclose(falls, 0.4 * np.pi / 100 * np.sin(np.pi * (ways - 0.5) / 100), rtol=1e-3)
    assert {tiny.rate_left(step) for step in (1, 6, 12, 99)} == {1.0}


def test_the_number_of_updates_decides_where_the_rates_fall_and_nowhere_else(tiny):
    falling = replace(tiny, lr_end=0.5)
    assert difference(tiny.as_card(), replace(tiny, steps=99)) == ""
    longer = replace(falling, steps=99)
    assert difference(falling.as_card(), longer) == "steps: recorded 12, asked 99"
    assert "lr_end: recorded 1.0, asked 0.5" in difference(tiny.as_card(), falling)
    assert (
        difference(tiny.as_card(), longer, new_rates=True) == difference(longer.as_card(), tiny, new_rates=True) == ""
    )
    old = tiny.as_card()
    del old["decides"]["lr_end"]  # a card that is older than it
    assert difference(old, tiny) == "" and from_card(old) == tiny


# ------------------------------------------------------------------------------------------ the loop, naively

WITHOUT_DROPOUT = {"discriminator_args": {"width": 8, "dropout": 0.0}}  # whose numbers come from the global ones


@pytest.mark.parametrize(
    ("dtype", "name", "game", "changes"),
    [
        (torch.float32, "mlp", "vanilla", {}),
        (torch.float32, "mlp", "minimax", {"game": games.MINIMAX}),
        (torch.float32, "mlp", "vanilla", {"d_steps": 3, "lr_g": 5e-5, "seed": 4}),
        (torch.float64, "mlp", "vanilla", {"ema": 0.7, "lr_g": 1e-3}),  # the start's rule until step 20
        (torch.float64, "mlp", "vanilla", {"ema": 0.3, "lr_g": 1e-3}),  # 0.3 itself from step 3 on
        (torch.float64, "mlp", "vanilla", {"lr_end": 0.1, "lr_g": 1e-3, "d_steps": 2}),  # rates that fall
        (torch.float32, "mlp", "hinge", {"game": games.HINGE}),
        (torch.float32, "mlp", "least-squares", {"game": games.LEAST_SQUARES}),
        (torch.float64, "cgan", "cgan", WITHOUT_DROPOUT),
        (torch.float64, "acgan", "acgan", {}),  # BatchNorm and RMSprop make roundings large: float64
        (torch.float64, "wgan", "wgan", {}),
        (torch.float64, "wgan-gp", "wgan-gp", {}),
        (torch.float64, "mlp", "r1", {"game": games.r1(1.0), "d_steps": 2}),
        (torch.float64, "mlp", "relativistic", {"game": games.relativistic(0.5), "ema": 0.7}),
    ],
)
def test_the_loop_trains_like_the_naive_one(images, monkeypatch, dtype, name, game, changes):
    monkeypatch.setattr(loop, "has_bfloat16", lambda _: False)
    recipe = replace(TINY[name], steps=10, log_every=1, **changes)  # 10 batches of 8: more than an epoch of 64
    pixels = images.resized(recipe.image_size).pixels.to(dtype) / 127.5 - 1
    torch.set_default_dtype(dtype)
    try:
        data = replace(images, pixels=pixels)
        state, history = trained(recipe, data)
        g, d, average, expected_history = naive(recipe, data, game)
    finally:
        torch.set_default_dtype(torch.float32)
    tolerance = {"rtol": 0, "atol": 1e-5 if dtype == torch.float32 else 1e-8}
    assert_same_weights(state.generator, g, **tolerance)
    assert_same_weights(state.discriminator, d, **tolerance)
    torch.testing.assert_close(history[:, 1:], expected_history, rtol=1e-4, atol=1e-5, check_dtype=False)
    assert min(moved(recipe, state)) > 1e-4  # far more than the tolerance above
    if recipe.ema is None:
        assert state.average is None and state.drawing is state.generator
    else:
        torch.testing.assert_close(dict(state.average.named_parameters()), average, **tolerance)
        torch.testing.assert_close(dict(state.average.named_buffers()), dict(state.generator.named_buffers()))
        apart = [(average[key] - value).abs().max().item() for key, value in g.named_parameters()]
        assert state.drawing is state.average and max(apart) > 1e-4


class Clipped(MLPDiscriminator):
    """Notes the largest weight at each pass."""

    def __init__(self):
        super().__init__()
        self.largest = []

    def forward(self, x):
        if self.training:  # not where the recipe meets the data
            self.largest.append(max(p.abs().max().item() for p in self.parameters()))
        return super().forward(x)


def test_a_clipped_critic_has_no_larger_weight_after_any_of_its_updates(tiny, images):
    recipe = replace(tiny, discriminator=Clipped, game=games.wgan(0.02), d_steps=3, optimizer=torch.optim.RMSprop)
    state, _ = trained(replace(recipe, lr_d=0.1), images, steps=4)
    passes = 3 * 2 + 1  # on real and on fake images, and in G's step
    assert state.discriminator.largest[0] > 0.02 and len(state.discriminator.largest) == 4 * passes
    assert all(largest == pytest.approx(0.02) for largest in state.discriminator.largest[2:])  # lr 0.1 moves all far


# ------------------------------------------------------------------------------------------ bfloat16


def distance(state, other, recipe):
    """How far apart two trained Gs are, relative to the way from the first weights."""
    first, one, two = (
        torch.cat([p.detach().flatten() for p in g.parameters()])
        for g in (recipe.build()[0], state.generator, other.generator)
    )
    return ((one - two).norm() / (two - first).norm()).item()


@pytest.mark.parametrize("name", TINY)
def test_bfloat16_multiplies_coarsely_and_leaves_everything_in_float32(images, monkeypatch, name):
    recipe = replace(TINY[name], bfloat16=True)
    fine, fine_history = trained(replace(recipe, bfloat16=False), images)
    monkeypatch.setattr(loop, "has_bfloat16", lambda _: True)  # elsewhere torch emulates it
    coarse, history = trained(recipe, images)
    weights = [p for network in (coarse.generator, coarse.discriminator) for p in network.parameters()]
    assert {value.dtype for value in (*weights, history)} == {torch.float32}
    torch.testing.assert_close(history, fine_history, rtol=0.02, atol=0.02)
    assert not torch.equal(history, fine_history)
    if name in ("mlp", "cgan"):  # before a BatchNorm the biases' gradients are roundings, and RMSprop enlarges them
        assert distance(coarse, fine, recipe) < 0.2


def test_bfloat16_is_left_alone_where_the_hardware_has_none(tiny, images, monkeypatch):
    monkeypatch.setattr(loop, "has_bfloat16", lambda _: False)
    one, other = (trained(replace(tiny, bfloat16=wanted), images)[0] for wanted in (True, False))
    assert_same_weights(one.generator, other.generator)


# ------------------------------------------------------------------------------------------ the loop


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tiny, images):
    first, again, other = (trained(replace(tiny, seed=seed), images) for seed in (0, 0, 1))
    assert_same_weights(first[0].generator, again[0].generator)
    assert_same_weights(first[0].discriminator, again[0].discriminator)
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0].generator.fc1.weight, other[0].generator.fc1.weight)


def test_each_step_has_its_own_global_numbers_and_the_caller_keeps_theirs(tiny, images):
    """Dropout and the penalty use them; torch's CPU generator ignores all but 32 bits of a seed."""
    seen = []

    class Noting(MLPDiscriminator):
        def forward(self, x):
            if self.training:
                seen.append(torch.rand(1).item())
            return super().forward(x)

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    for seed in (0, 1):
        trained(replace(tiny, discriminator=Noting, seed=seed), images)
    assert torch.equal(torch.rand(3), expected)
    assert len(set(seen)) == len(seen) == 2 * 12 * 3


@pytest.mark.parametrize("name", TINY)
def test_global_random_numbers_do_not_matter(images, name):
    torch.manual_seed(1)
    first, _ = trained(TINY[name], images)
    torch.manual_seed(2)
    again, _ = trained(TINY[name], images, watch=lambda: torch.rand(3) is None)  # also where watch uses some
    assert_same_weights(first.generator, again.generator)
    assert_same_weights(first.discriminator, again.discriminator)


def test_each_step_of_each_seed_and_rank_has_global_numbers_of_its_own(tiny, images, monkeypatch):
    """For dropout and the penalty; the numbers themselves, because a generator may look at a part of its seed alone."""
    state, numbers = State(tiny, 64), []
    trained(tiny, images, state, watch=lambda: numbers.append(torch.rand(()).item()) if state.step else None)
    assert len(set(numbers)) == 12
    for seed, rank, step in ((0, 0, 12), (1, 0, 12), (0, 1, 12), (0, 12, 0), (2**32 - 1, 0, 12)):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        loop._seed_step(torch.device("cpu"), seed, step)
        numbers.append(torch.rand(()).item())
    assert numbers[12] == numbers[11] and len(set(numbers)) == 16


class Watched(MLPDiscriminator):
    """Notes, for each pass, whether D is being taught and whether gradient may flow back into the pictures."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        if self.training:
            self.seen.append((self.fc1.weight.requires_grad, x.requires_grad))
        return super().forward(x)


def test_ds_step_sees_detached_fakes_and_gs_step_a_frozen_d(tiny, images):
    state, _ = trained(replace(tiny, discriminator=Watched, d_steps=2), images, steps=3)
    taught_on_real = taught_on_fake = (True, False)
    fooled = (False, True)
    assert state.discriminator.seen == 3 * [taught_on_real, taught_on_fake, taught_on_real, taught_on_fake, fooled]


def test_d_is_not_frozen_after_training_and_holds_no_gradient_of_gs_step(tiny, images):
    state, _ = trained(replace(tiny, lr_d=0.0, lr_g=0.0), images, steps=1)
    generator, discriminator = state.generator, state.discriminator
    assert all(p.requires_grad for p in discriminator.parameters())

    rng = torch.Generator().manual_seed(tiny.seed)
    rows = torch.randperm(64, generator=rng)[:8]
    fake = generator(torch.randn(8, 100, generator=rng))
    d_loss = games.discriminator_loss(discriminator(images.pixels[rows] / 127.5 - 1), discriminator(fake.detach()))
    expected = torch.autograd.grad(d_loss, list(discriminator.parameters()))
    torch.testing.assert_close([p.grad for p in discriminator.parameters()], list(expected), rtol=1e-4, atol=1e-6)


def test_ds_step_leaves_no_gradient_in_g(tiny, images):
    def give_no_gradient(discriminator, batch):
        return 0 * batch.fake.sum()

    game = games.Game("D only", games.NON_SATURATING.d_loss, give_no_gradient)
    state, _ = trained(replace(tiny, game=game), images)
    assert all(p.grad.abs().max() == 0 for p in state.generator.parameters())
    assert_same_weights(state.generator, tiny.build()[0])
    assert not torch.equal(state.discriminator.fc1.weight, tiny.build()[1].fc1.weight)


def test_d_steps_is_the_number_of_updates_of_d_for_each_of_g(tiny, images, monkeypatch):
    updates = []
    real_step = torch.optim.Adam.step

    def step(adam, *arguments):
        updates.append(adam.param_groups[0]["lr"])
        return real_step(adam, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    recipe = replace(tiny, d_steps=3, lr_d=0.2, lr_g=0.1)
    trained(recipe, images, steps=4)
    assert updates == 4 * [0.2, 0.2, 0.2, 0.1]


def test_the_history_has_a_line_every_few_steps_and_one_at_the_end(tiny, images):
    _, history = trained(tiny, images)
    assert HISTORY_COLUMNS == ("step", "d_loss", "g_loss", "d_real", "d_fake")
    assert history.shape == (3, 5) and history.dtype == torch.float32 and not history.requires_grad
    assert history[:, 0].tolist() == [5, 10, 12]
    assert (history[:, 1:3] > 0).all() and (history[:, 3:] > 0).all() and (history[:, 3:] < 1).all()


def test_watch_comes_before_the_first_update_and_after_each(tiny, images):
    state = State(tiny, 64)
    before, calls = state.generator.fc2.bias.detach().clone(), []
    trained(tiny, images, state, watch=lambda: calls.append((state.step, state.generator.fc2.bias.detach().clone())))
    assert [step for step, _ in calls] == list(range(13))
    assert torch.equal(calls[0][1], before)
    for step, bias in calls[1:]:
        assert torch.equal(bias, trained(tiny, images, steps=step)[0].generator.fc2.bias)


@pytest.mark.parametrize("last", [0, 1, 7, 12])
def test_watch_ends_the_training_by_saying_so_and_another_goes_on_to_the_same_bits(tiny, images, last):
    state = State(tiny, 64)
    history = trained(tiny, images, state, watch=lambda: state.step == last)[1]
    assert state.step == last and history[:, 0].tolist() == [step for step in (5, 10, 12) if step <= last]
    calls = []
    trained(tiny, images, state, watch=lambda: calls.append(state.step))
    assert calls == list(range(last + (last > 0), 13))  # what watch has seen it does not see again
    whole, whole_history = trained(tiny, images)
    assert_same_weights(state.generator, whole.generator)
    assert torch.equal(state.curves(), whole_history)


def test_a_watch_that_draws_and_leaves_eval_mode_changes_nothing(tiny, images):
    state = State(tiny, 64)

    def look():
        state.generator.train()
        with torch.no_grad():
            state.generator(torch.randn(3, 100))

    trained(tiny, images, state, watch=look)
    assert_same_weights(state.generator, trained(tiny, images)[0].generator)


def test_floats_in_the_range_of_tanh_train_like_the_grey_levels_they_are(tiny, images):
    floats = replace(images, pixels=images.pixels.float().div(127.5).sub(1))
    assert_same_weights(trained(tiny, floats)[0].generator, trained(tiny, images)[0].generator)


# ------------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize("steps", [0, -1])
def test_fewer_than_one_step_is_refused(tiny, images, steps):
    with pytest.raises(BadInput, match=f"steps is {steps}; choose a whole number, 1 or more"):
        trained(tiny, images, steps=steps)


def test_no_update_of_d_is_refused(tiny, images):
    with pytest.raises(BadInput, match="d_steps is 0; choose a whole number, 1 or more"):
        replace(tiny, d_steps=0)


@pytest.mark.parametrize("batch_size", [65])
def test_a_batch_larger_than_the_data_or_empty_is_refused(tiny, images, batch_size):
    with pytest.raises(BadInput, match=f"batch size {batch_size} is not possible with 64 images; choose 1…64"):
        trained(replace(tiny, batch_size=batch_size), images)


@pytest.mark.parametrize("shape", [(64, 1, 32, 32), (64, 3, 28, 28), (64, 1, 28, 20)])
def test_pictures_of_another_shape_are_refused_before_the_first_update(tiny, images, shape):
    pixels = torch.randint(256, shape, dtype=torch.uint8)
    with pytest.raises(BadInput, match=rf"the data has the shape \({shape[1]}, .*; tiny learns \(1, 28, 28\)"):
        train(State(tiny, 64), replace(images, pixels=pixels), watch=pytest.fail, show_progress=False)


class Changed(MLPGenerator):
    """A generator whose forward ends in something else."""

    end = staticmethod(lambda x: x)

    def forward(self, z, labels=None):
        return self.end(super().forward(z))


def changed(end, kind=Changed):
    return type("Mine", (kind,), {"end": staticmethod(end)})


class Judged(MLPDiscriminator):
    def forward(self, x, labels=None):
        return self.end(super().forward(x))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"generator": changed(lambda x: x.flatten(1))}, r"Mine gives a tensor of shape \(2, 784\)"),
        ({"generator": changed(lambda x: (x, x))}, "Mine gives a tuple"),
        ({"generator": changed(lambda x: (x + 1) / 2)}, "nothing below 0, .*; end it with tanh"),
        ({"generator": changed(lambda x: x * torch.nan)}, "draws numbers that are not finite"),
        ({"generator": changed(lambda x: x @ x[0, 0, 0])}, "gives a tensor of shape"),
        ({"generator": changed(lambda x: x @ torch.ones(3))}, "Mine cannot draw from z of shape"),
        ({"discriminator": changed(lambda x: x @ torch.ones(3), Judged)}, "Mine cannot judge pictures"),
        ({"game": games.CGAN}, "the game cgan plays with labels and MLPGenerator takes none"),
        ({"game": games.Game("odd", games.MINIMAX.d_loss, lambda d, b: b.fake)}, "g_loss of the game odd gives"),
        ({"game": games.Game("odd", games.MINIMAX.d_loss, lambda d, b: 1 / 0)}, "cannot be played by MLPDiscriminator"),
        ({"image_size": 64}, r"image_size is 64, but MLPGenerator draws \(1, 28, 28\)"),
        ({"game": games.Game("odd", lambda d, b: games.MINIMAX.d_loss(d, b)[:2], games.MINIMAX.g_loss)}, "no DLoss"),
        ({"game": games.Game("odd", games.MINIMAX.d_loss, lambda d, b: b.real.mean())}, "without a gradient"),
        ({"discriminator": changed(lambda x: x.mean(), Judged)}, "let it give one logit for each"),
        ({"discriminator": changed(torch.sigmoid, Judged)}, "Mine ends in a sigmoid"),
    ],
)
def test_what_disagrees_is_refused_when_the_recipe_meets_the_data(tiny, images, changes, said):
    recipe = replace(tiny, **changes)
    with pytest.raises(BadInput, match=said) as refused:
        train(State(recipe, 64), images, watch=pytest.fail, show_progress=False)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("cgan", {"game": games.NON_SATURATING}, "plays without labels and CGANGenerator takes labels"),
        ("cgan", {"generator_args": {"classes": 3}}, "the data has 10 classes and CGANGenerator 3"),
        ("acgan", {"discriminator_args": {"features": 4, "classes": 3}}, "10 classes and ACGANDiscriminator 3"),
        (
            "cgan",
            {"discriminator": ACGANMLPDiscriminator, "discriminator_args": {}},
            "the game cgan cannot be played by",
        ),
        ("wgan-gp", {"discriminator_args": {"features": 4}}, "BatchNorm in DCGANDiscriminator mixes the examples"),
        ("acgan", {"batch_size": 1}, "the batch size is 1 for 1 process.*choose at least 2"),
    ],
)
def test_games_labels_and_norms_that_disagree_are_refused(images, name, changes, said):
    recipe = replace(TINY[name], **changes)
    with pytest.raises(BadInput, match=said):
        trained(recipe, images, watch=pytest.fail)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"generator": MLPGenerator()}, r"generator is no class of networks \(MLPGenerator\)"),
        ({"discriminator": lambda: None}, r"discriminator is no class of networks \(function\)"),
        ({"generator_args": None}, "no dict"),
        ({"optimizer": "Adam"}, "optimizer is 'Adam'; give a class of torch.optim"),
        ({"optimizer": (torch.optim.Adam,)}, "optimizer holds 1 values"),
        ({"optimizer": torch.optim.SparseAdam}, "SparseAdam takes sparse gradients alone"),
        ({"bfloat16": "no"}, "bfloat16 is 'no'"),
        ({"generator": changed(None), "discriminator": changed(None, Judged)}, "both networks are called Mine"),
        ({"lr_g": True}, "the learning rate of generator is True"),
        (
            {"game": games.Game("minimax", games.MINIMAX.d_loss, games.ACGAN.g_loss)},
            "is the name of a game of the book",
        ),
        ({"optimizer": torch.optim.LBFGS}, "LBFGS evaluates a loss several times in a step"),
        ({"optimizer": nn.Linear}, "give a class of torch.optim"),
        ({"optimizer_args": {"momentum": 0.9}}, "Adam does not take 'momentum'; it takes lr, betas"),
        ({"lr_g": -1.0}, "the learning rate of generator is -1.0"),
        ({"betas": (0.5, 2.0)}, r"betas is \(0.5, 2.0\)"),
        ({"pictures": 65}, "pictures is 65; choose a whole number, from 1 to 64"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 8.0}, "batch_size is 8.0"),
        ({"steps": True}, "steps is True"),
        ({"milestones": (3, -1)}, "each milestone is -1"),
        ({"ema": 1.0}, "ema is 1.0"),
        ({"lr_end": -0.1}, "lr_end is -0.1; choose from 0, nothing is left of the rates, to 1, they stay"),
        ({"lr_end": 1.5}, "lr_end is 1.5"),
        ({"lr_end": None}, "lr_end is None"),
        ({"init_std": 0}, "init_std is 0"),
        ({"game": "wgan"}, "game is 'wgan'"),
        ({"keeps": "generator"}, "keeps is 'generator'"),
        ({"log_every": 0}, "log_every is 0"),
        ({"generator_args": {"hidden": torch.ones(2)}}, "no card can hold this recipe"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused_when_it_is_made(tiny, changes, said):
    with pytest.raises(BadInput, match=said) as refused:
        replace(tiny, **changes)
    assert "\n" not in str(refused.value)


def test_numpys_numbers_become_pythons_own(tiny):
    recipe = replace(
        tiny, batch_size=np.int64(4), milestones=range(0, 9, 4), lr_g=np.float64(1e-3), ema=np.float64(0.9)
    )
    recipe = replace(recipe, generator_args={"hidden": np.int64(7)})
    assert recipe.milestones == (0, 4, 8) and type(recipe.batch_size) is int
    card = recipe.as_card()
    assert json.loads(json.dumps(card)) == card
    assert type(card["players"]["generator"]["optimizer_args"]["lr"]) is type(card["decides"]["ema"]) is float


def test_a_recipe_from_a_card_can_be_changed_as_any_other(tiny):
    again = from_card(tiny.as_card())
    assert again == tiny
    assert replace(again, betas=(0.0, 0.9)).players["generator"].optimizer_args["betas"] == (0.0, 0.9)
    assert replace(again, optimizer=torch.optim.SGD).players["discriminator"].optimizer_args == {"lr": 2e-4}


def test_what_is_in_no_table_stands_in_until_it_is_needed_and_other_numbers_are_refused(tiny, monkeypatch):
    card = tiny.as_card()
    card["players"]["discriminator"] |= {"network": "hers", "optimizer": "Lion"}
    card["decides"]["game"] = {"name": "own", "args": {"m": 1}}
    recipe = from_card(card)
    assert difference(card, recipe) == "" and recipe.players["generator"].build()
    with pytest.raises(BadRun, match="the network 'hers' is in no table"):
        recipe.build()
    with pytest.raises(BadRun, match="the game 'own' is in no table"):
        recipe.game.d_loss(None, None)
    with pytest.raises(BadRun, match="'Lion' is not in torch"):
        recipe.players["discriminator"].optimizer_for(nn.Linear(1, 1))
    monkeypatch.setitem(games.GAMES, "own", games.Game("own", games.MINIMAX.d_loss, games.MINIMAX.g_loss, {"m": 2}))
    with pytest.raises(BadRun, match=r"the game 'own' here has the numbers \{'m': 2\}, the run's \{'m': 1\}"):
        from_card(card)


def test_what_only_the_optimizer_itself_knows_to_be_wrong_is_refused_before_the_training(tiny):
    with pytest.raises(BadInput, match=r"Adam cannot be made with .*weight_decay"):
        State(replace(tiny, optimizer_args={"weight_decay": -1.0}), 64)


def test_an_optimizers_own_betas_are_used_and_every_optimizer_that_has_betas_gets_the_recipes(tiny):
    def of(**changes):
        return State(replace(tiny, **changes), 64).g_optimizer.param_groups[0].get("betas")

    assert of(optimizer=torch.optim.AdamW, betas=(0.0, 0.9)) == (0.0, 0.9)
    assert of(optimizer=torch.optim.AdamW, optimizer_args={"betas": (0.3, 0.8)}) == (0.3, 0.8)
    assert of(optimizer=torch.optim.AdamW, betas=None) == (0.9, 0.999)  # its own standard
    assert of(optimizer=torch.optim.RMSprop) is None


# ------------------------------------------------------------------------------------------ diverged


@pytest.mark.parametrize("name", TINY)
def test_a_nan_ends_the_training_with_one_sentence(images, name):
    state = State(replace(TINY[name], log_every=1), 64)

    def plant():
        if state.step == 3:
            next(state.generator.parameters()).data.fill_(torch.nan)

    with pytest.raises(
        Diverged, match=r"After 4 updates the losses were nan \(D\) and nan \(G\).*another seed\."
    ) as said:
        trained(state.recipe, images, state, watch=plant)
    assert "\n" not in str(said.value)


def test_a_loss_of_millions_ends_the_training(tiny, images):
    with pytest.raises(Diverged, match=r"After 5 updates the losses were .*; try smaller learning rates"):
        trained(replace(tiny, lr_g=1e3, lr_d=1e3), images)


def test_a_weight_that_is_infinite_after_the_last_update_is_not_kept(tiny, images):
    with pytest.raises(Diverged, match="After 1 updates a weight was NaN or infinite"):
        trained(replace(tiny, lr_g=1e39, game=games.wgan(1.0)), images, steps=1)


def test_a_long_training_looks_at_its_losses_on_the_way(tiny, images, monkeypatch):
    monkeypatch.setattr(loop, "CHECK_EVERY", 4)
    state = State(replace(tiny, lr_g=1e30, lr_d=1e30, log_every=1), 64)
    with pytest.raises(Diverged):
        trained(state.recipe, images, state)
    assert state.step == 4


# ------------------------------------------------------------------------------------------ speed


@pytest.mark.parametrize("name", TINY)
def test_nothing_waits_for_the_device_at_each_step(images, monkeypatch, name):
    count = 0

    def counted(method):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            return method(*arguments, **options)

        return call

    for method in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, method, counted(getattr(torch.Tensor, method)))
    monkeypatch.setattr(checks, "check_labels", lambda *_: None)  # the networks look at them on a CPU alone

    def syncs(steps):
        nonlocal count
        count = 0
        trained(replace(TINY[name], log_every=1), images, steps=steps)
        return count

    few, many = syncs(2), syncs(15)  # both less than an epoch and more than one
    assert few == many > 0
