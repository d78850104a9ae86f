"""The one training loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from zlib import crc32

import torch
from torch import Tensor, nn

from gan_lib.data.images import ImageSet, to_range
from gan_lib.errors import Diverged
from gan_lib.machine import parallel
from gan_lib.machine.device import give_memory_back, has_bfloat16
from gan_lib.machine.given import called, flag, instance, whole
from gan_lib.machine.progress import progress
from gan_lib.machine.rng import isolated_rng, seed_rng
from gan_lib.training.augment import augmented, flipped
from gan_lib.training.feed import Feed
from gan_lib.training.games import Batch, DLoss, Game
from gan_lib.training.held_out import verdict
from gan_lib.training.meeting import check_meeting
from gan_lib.training.state import State

HISTORY_COLUMNS = ("step", "d_loss", "g_loss", "d_real", "d_fake")
EXPLODED = 1e6  # no loss of any game here comes near it while it still learns
CHECK_EVERY = 1000  # updates between two looks at the losses, which wait for the device, and at the memory


def _with_isolated_rng(training: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`training` with generators of its own, on the CPU and on the device."""

    @wraps(training)
    def isolated(state: State, images: ImageSet, **options: object) -> Tensor:
        _check_given(state, images, **options)
        with isolated_rng(state.recipe.seed, state.device):
            return training(state, images, **options)

    return isolated


def _check_given(
    state: object,
    images: object,
    steps: object = None,
    watch: object = lambda: False,
    held_out: object = None,
    show_progress: object = True,
) -> None:
    """BadInput unless each is of its kind."""
    instance("state", state, State, "a State, for example State(recipe, len(images.pixels))")
    instance("images", images, ImageSet, "an ImageSet, as data.load gives it")
    steps is None or whole("steps", steps)
    called("watch", watch)
    held_out is None or instance("held_out", held_out, ImageSet, "an ImageSet, or None")
    flag("show_progress", show_progress)


@_with_isolated_rng  # the caller's random numbers are left alone
def train(
    state: State,
    images: ImageSet,
    *,
    steps: int | None = None,
    watch: Callable[[], bool | None] = lambda: False,
    held_out: ImageSet | None = None,
    show_progress: bool = True,
) -> Tensor:
    """Train both networks of `state` in place, by alternating steps.

    That is algorithm 1 of Goodfellow et al. 2014, except that G's step uses D's last fakes again instead
    of drawing new ones, and that the recipe's game says what D and G descend.

    Nothing in the loop waits for the device: data, losses and history stay there.

    Args:
        state: where the training stands; it goes on from there.
        images: the whole training set, on the state's device.
        steps: updates of G, counted from the first; the recipe's own number if None.
        watch: called before the first update and after each; what it does must not depend on torch's global
            random numbers. The training stops if it returns True.
        held_out: pictures that D never learns from: its verdict on as many as a batch holds becomes a sixth column of
            the history, `held_out.HELD_OUT`, so that memorising is seen. The weights are the same with and without.
        show_progress: show a progress bar.

    Returns:
        float32 (lines, 5) on the CPU, columns `HISTORY_COLUMNS`, or (lines, 6); D(real) and D(fake) are means over
        the last batch, of σ(logit), or of the critic's value in a Wasserstein game.

    Raises:
        BadInput: steps below 1, or data, networks and game that do not fit each other.
        Diverged: a loss became NaN, infinite or larger than a million.
    """
    recipe, game, device, rng = state.recipe, state.recipe.game, state.device, state.rng
    steps = recipe.steps if steps is None else steps
    check_meeting(state, images, held_out)
    generator, discriminator = state.generator.train(), state.discriminator.train().requires_grad_(True)
    draw, tell_apart = parallel.shared(generator), parallel.shared(_DiscriminatorTask(discriminator, game))
    mine, size, latent_dim = parallel.my_part(recipe.batch_size), recipe.batch_size, generator.latent_dim
    feed = Feed(images, state.rows, mine)
    amp = torch.autocast(device.type, torch.bfloat16, enabled=recipe.bfloat16 and has_bfloat16(device))
    show = torch.sigmoid if game.has_probability else nn.Identity()
    see = partial(augmented, kinds=recipe.augment)  # as D sees pictures, real and made alike
    see_real = (lambda real: see(flipped(real))) if recipe.flip else see

    stop = watch() if state.step == 0 else False
    for step in progress(steps, recipe.name, show_progress and parallel.rank() == 0, done=state.step):
        if stop:
            break
        _seed_step(device, recipe.seed, step)  # dropout's and the penalty's: a resumed run draws them again
        state.set_rates(step)
        # Teach D to tell real from fake. detach: this step is about D, G gets no gradient.
        for k in range(recipe.d_steps):
            rows = next(state.rows)[mine]  # (B,)
            real = to_range(feed.take(rows))  # (B, C, H, W) in −1…1
            labels = images.labels[rows] if game.conditional else None  # (B,), or none
            real = see_real(real)  # the same, unless the recipe asks for other looks of them
            z = torch.randn(size, latent_dim, generator=rng, device=device)[mine]  # (B, 100)
            with amp, torch.set_grad_enabled(k == recipe.d_steps - 1):  # G learns from the last fakes alone
                fake = draw(z) if labels is None else draw(z, labels)  # (B, C, H, W)
            with amp:
                d_loss, real_logits, fake_logits = tell_apart(real, see(fake.detach()), labels)
            state.d_optimizer.zero_grad()
            d_loss.backward()
            state.d_optimizer.step()
            if game.clip:
                _clip(discriminator, game.clip)

        # Teach G to fool the D of this moment, with the same fakes. D is frozen: it passes the
        # gradient on to G and keeps none for itself.
        discriminator.requires_grad_(False)
        with amp:
            g_loss = game.g_loss(discriminator, Batch(real, see(fake), labels))
        state.g_optimizer.zero_grad()
        g_loss.backward()
        state.g_optimizer.step()
        discriminator.requires_grad_(True)
        state.step = step
        if state.average is not None:
            state.update_average()

        if step % recipe.log_every == 0 or step == steps:
            row = d_loss, g_loss, show(real_logits).mean(), show(fake_logits).mean()
            if held_out is not None:
                with amp:
                    logits = verdict(discriminator, held_out, len(real), game.conditional, device, see_real)
                row += (show(logits).mean(),)
            state.history.append((step, torch.stack(row).detach()))  # stays on the device
        if step % CHECK_EVERY == 0 or step == steps:
            check_losses(state)
            give_memory_back()
        stop = watch()
    return state.curves()


def check_losses(state: State) -> None:
    """Diverged if a loss since the last look is NaN, infinite or larger than a million, or a weight is NaN or
    infinite, which the next loss would show; waits for the device."""
    for step, d_loss, g_loss in state.curves()[-CHECK_EVERY:, :3].tolist():
        if not (abs(d_loss) < EXPLODED and abs(g_loss) < EXPLODED):
            raise Diverged(
                f"After {step:,.0f} updates the losses were {d_loss:g} (D) and {g_loss:g} (G), so the training "
                "stopped; try smaller learning rates or another seed."
            )
    if not state.is_finite():
        raise Diverged(
            f"After {state.step:,} updates a weight was NaN or infinite, so the training stopped; "
            "try smaller learning rates or another seed."
        )


class _DiscriminatorTask(nn.Module):
    """D's loss as one module, so that several processes can share the gradient of its single forward pass."""

    def __init__(self, discriminator: nn.Module, game: Game):
        super().__init__()
        self.discriminator, self.game = discriminator, game

    def forward(self, real: Tensor, fake: Tensor, labels: Tensor | None) -> DLoss:
        return self.game.d_loss(self.discriminator, Batch(real, fake, labels))


def _seed_step(device: torch.device, seed: int, step: int) -> None:
    """Other numbers for each seed, rank and step; 32 bits, because torch's CPU generator looks at no more of a seed."""
    seed_rng(crc32(f"{seed} {parallel.rank()} {step}".encode()), device)


@torch.no_grad()
def _clip(critic: nn.Module, limit: float) -> None:
    for weight in critic.parameters():
        weight.clamp_(-limit, limit)
