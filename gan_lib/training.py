"""The one training loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from gan_lib.data import shuffled_indices, to_range
from gan_lib.errors import BadInput
from gan_lib.progress import progress
from gan_lib.recipes import Recipe

HISTORY_COLUMNS = ("step", "d_loss", "g_loss", "d_real", "d_fake")


def train(
    recipe: Recipe,
    generator: nn.Module,
    discriminator: nn.Module,
    pixels: Tensor,
    *,
    steps: int | None = None,
    at_milestone: Callable[[int], None] = lambda step: None,
    show_progress: bool = True,
) -> Tensor:
    """Train both networks in place, by alternating steps.

    That is algorithm 1 of Goodfellow et al. 2014, except that G's step uses D's fakes again instead
    of drawing new ones, and that the recipe's game says what G descends.

    The networks and `pixels` must be on the same device; that is where everything happens.
    Nothing in the loop waits for the device: losses are kept there until the end.

    Args:
        recipe: sizes, rates, game, seed.
        generator: z (B, latent_dim) → (B, C, H, W) in −1…1.
        discriminator: (B, C, H, W) → logits (B, 1).
        pixels: uint8 (N, C, H, W), the whole training set.
        steps: updates of G; the recipe's own number if None.
        at_milestone: called with the number of updates done at each of the recipe's milestones.
        show_progress: show a progress bar.

    Returns:
        float32 (lines, 5) on the CPU, columns `HISTORY_COLUMNS`; D(real) and D(fake) are means
        of σ(logit) over the last batch.

    Raises:
        BadInput: steps below 1, or a batch larger than the data.
    """
    steps = recipe.steps if steps is None else steps
    if steps < 1:
        raise BadInput(f"steps is {steps}; choose at least 1.")
    device, game = pixels.device, recipe.game
    size, latent_dim = recipe.batch_size, generator.latent_dim
    rng = torch.Generator(device).manual_seed(recipe.seed)
    rows = shuffled_indices(len(pixels), size, rng)
    adam = partial(torch.optim.Adam, betas=recipe.betas, fused=True)
    g_adam = adam(generator.parameters(), lr=recipe.lr_g)
    d_adam = adam(discriminator.parameters(), lr=recipe.lr_d)
    history = []

    generator.train(), discriminator.train()
    discriminator.requires_grad_(True)  # an interrupted training may have left it frozen
    if 0 in recipe.milestones:
        at_milestone(0)
    for step in progress(steps, recipe.name, show_progress):
        # Teach D to tell real from fake. detach: this step is about D, G gets no gradient.
        for _ in range(recipe.d_steps):
            real = to_range(pixels[next(rows)])  # (B, 1, 28, 28) in −1…1
            z = torch.randn(size, latent_dim, generator=rng, device=device)  # (B, 100)
            fake = generator(z)  # (B, 1, 28, 28)
            real_logits = discriminator(real)  # (B, 1)
            fake_logits = discriminator(fake.detach())  # (B, 1)
            d_loss = game.d_loss(real_logits, fake_logits)
            d_adam.zero_grad()
            d_loss.backward()
            d_adam.step()

        # Teach G to fool the D of this moment, with the same fakes. D is frozen: it passes the
        # gradient on to G and keeps none for itself.
        discriminator.requires_grad_(False)
        g_loss = game.g_loss(discriminator(fake))
        g_adam.zero_grad()
        g_loss.backward()
        g_adam.step()
        discriminator.requires_grad_(True)

        if step % recipe.log_every == 0 or step == steps:
            means = d_loss, g_loss, real_logits.sigmoid().mean(), fake_logits.sigmoid().mean()
            history.append((step, torch.stack(means).detach()))  # stays on the device
        if step in recipe.milestones:
            at_milestone(step)
    return _to_table(history)


def _to_table(history: list[tuple[int, Tensor]]) -> Tensor:
    """One copy from the device for the whole training: float32 (lines, 5)."""
    steps = torch.tensor([step for step, _ in history], dtype=torch.float32)[:, None]  # (lines, 1)
    return torch.cat([steps, torch.stack([row for _, row in history]).cpu()], dim=1)
