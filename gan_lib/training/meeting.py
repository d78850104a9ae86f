"""Where a recipe meets the data: what does not fit is refused in one sentence, before the first update."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_lib.data.images import ImageSet, to_range
from gan_lib.errors import BadInput, BadRun, GanLibError, brief, one_sentence
from gan_lib.machine import parallel
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks import evaluating
from gan_lib.networks.brought import LastActivation
from gan_lib.training.games import Batch, ask
from gan_lib.training.state import State

TRIED = 2  # pictures that are drawn and judged to see whether everything fits


def check_meeting(state: State, images: ImageSet, held_out: ImageSet | None = None) -> None:
    """BadInput unless the data, both networks and the game fit each other; nothing of the state changes.

    Sizes and classes are compared first, then two pictures go through both networks and both losses.
    """
    _check_sizes(state, images)
    _check_looks(state, images)
    _check_labels(state, images)
    _check_norms(state)
    _check_held_out(state, images, held_out)
    with isolated_rng(0, state.device), evaluating(state.generator), evaluating(state.discriminator):
        batch = _drawn(state, images)
        _judged(state, batch)
        _played(state, batch)


def _check_sizes(state: State, images: ImageSet) -> None:
    generator, pixels = state.generator, images.pixels
    name, shape = type(generator).__name__, getattr(generator, "image_shape", None)
    if not isinstance(getattr(generator, "latent_dim", None), int):
        raise BadInput(f"{name} does not say how long its z is; write latent_dim = 100, say, into its class.")
    if shape is None:
        c, *sides = pixels.shape[1:]
        raise BadInput(
            f"{name} does not say what it draws; write image_shape = {(c, *sides)} into its class, if that is it."
        )
    if tuple(pixels.shape[1:]) != tuple(shape):
        raise BadInput(
            f"the data has the shape {tuple(pixels.shape[1:])}; {state.recipe.name} learns {tuple(shape)}: "
            "give it pictures of that shape, or networks of the data's."
        )
    if len(shape) == 3 and state.recipe.image_size not in shape[1:]:
        raise BadInput(
            f"image_size is {state.recipe.image_size}, but {name} draws {tuple(shape)}; "
            f"set image_size={shape[-1]}, or choose networks of the other size."
        )


def _check_looks(state: State, images: ImageSet) -> None:
    if images.pixels.ndim != 4 and (state.recipe.flip or state.recipe.augment):
        raise BadInput(f"{images.name} holds points, and flip and augment are for pictures; leave them out.")


def _check_held_out(state: State, images: ImageSet, held_out: ImageSet | None) -> None:
    recorded = len(state.history[0][1]) - 4 if state.history else None  # 1 with a column for them
    if recorded is not None and recorded != (held_out is not None):
        begun, cure = ("with", "give them again") if recorded else ("without", "leave them out")
        raise BadInput(f"this training was begun {begun} held-out pictures; {cure}, or train it anew.")
    if held_out is None:
        return
    for what, mine, theirs in (
        ("pictures of the shape", tuple(images.pixels.shape[1:]), tuple(held_out.pixels.shape[1:])),
        ("the classes", images.classes, held_out.classes),
    ):
        if mine != theirs:
            raise BadInput(
                f"the training has {what} {brief(mine)}, the held-out pictures {brief(theirs)}; "
                "hold out some of the training's own."
            )
    if len(held_out.pixels) < 2:
        raise BadInput("one picture is held out, and D's verdict is a mean over several; hold out two or more.")


def _check_labels(state: State, images: ImageSet) -> None:
    game, name = state.recipe.game, type(state.generator).__name__
    classes = getattr(state.generator, "classes", 0)
    if game.conditional != bool(classes):
        wants = "takes labels" if classes else "takes none"
        other = "the game of a generator with labels, for example CGAN" if classes else "a generator with classes"
        raise BadInput(
            f"the game {game.name} plays {'with' if game.conditional else 'without'} labels and {name} {wants}; "
            f"choose {other}."
        )
    if not classes:
        return
    for network in (state.generator, state.discriminator):
        has = getattr(network, "classes", 0) or classes  # a D that is told no number of classes has none of its own
        if has != len(images.classes):
            raise BadInput(
                f"the data has {len(images.classes)} classes and {type(network).__name__} {has}; "
                f'give both networks "classes": {len(images.classes)} among their arguments.'
            )


def _check_norms(state: State) -> None:
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
    in_d = [m for m in state.discriminator.modules() if isinstance(m, kinds)]
    in_g = [m for m in state.generator.modules() if isinstance(m, kinds)]
    if state.recipe.game.per_example and in_d:
        raise BadInput(
            f"the game {state.recipe.game.name} asks for each example's own gradient, and BatchNorm in "
            f"{type(state.discriminator).__name__} mixes the examples; build it without (batch_norm=False in ours)."
        )
    if (in_d or in_g) and state.recipe.batch_size < 2 * parallel.size():
        raise BadInput(
            f"the batch size is {state.recipe.batch_size} for {parallel.size()} process(es), and BatchNorm compares "
            f"the pictures of a batch; choose at least {2 * parallel.size()}."
        )


def _drawn(state: State, images: ImageSet) -> Batch:
    """A batch of the first pictures, with fakes that G has drawn."""
    generator, name = state.generator, type(state.generator).__name__
    n = min(TRIED, len(images.pixels))
    real = to_range(images.pixels[:n].to(state.device))  # (n, C, H, W)
    labels = images.labels[:n] if state.recipe.game.conditional else None
    z = torch.randn(n, generator.latent_dim, device=state.device)  # (n, latent_dim)
    told = () if labels is None else (labels,)
    with one_sentence(f"{name} cannot draw from z of shape {tuple(z.shape)}"), torch.no_grad():
        try:
            fake = generator(z, *told)
        except RuntimeError:
            if not _works(generator, z[:, :, None, None], *told):
                raise
            raise BadInput(
                f"{name} takes z as (B, {z.shape[1]}, 1, 1), and it comes as (B, {z.shape[1]}); "
                "begin its forward with z = z[:, :, None, None]."
            ) from None
    if not torch.is_tensor(fake) or fake.shape != real.shape:
        gives = f"a tensor of shape {tuple(fake.shape)}" if torch.is_tensor(fake) else f"a {type(fake).__name__}"
        raise BadInput(
            f"{name} gives {gives} for z of shape {tuple(z.shape)}; it must give pictures {tuple(real.shape)}: "
            "change the end of its forward."
        )
    if not fake.isfinite().all():
        raise BadInput(f"{name} draws numbers that are not finite, before any training; look at its first weights.")
    if fake.ndim == 4 and fake.min() >= 0 and fake.max() > 0.05:  # weights that start at 0 draw 0
        raise BadInput(
            f"{name} draws from {fake.min():.2g} to {fake.max():.2g}, nothing below 0, and the data lies in −1…1; "
            "end it with tanh instead of a sigmoid."
        )
    return Batch(real, fake.to(real.dtype), labels)


def _works(network: nn.Module, *inputs: Tensor) -> bool:
    try:
        return torch.is_tensor(network(*inputs))
    except Exception:  # it is somebody else's code
        return False


def _judged(state: State, batch: Batch) -> None:
    """D takes pictures of that shape, and gives logits for each."""
    discriminator, name, last = state.discriminator, type(state.discriminator).__name__, LastActivation()
    with one_sentence(f"{name} cannot judge pictures {tuple(batch.real.shape)}"), torch.no_grad(), last:
        found = ask(discriminator, batch.real, batch.labels)
    logits = found[0] if isinstance(found, tuple | list) and found else found
    if not torch.is_tensor(logits) or not logits.ndim or len(logits) != len(batch.real):
        gives = f"a tensor of shape {tuple(logits.shape)}" if torch.is_tensor(logits) else f"a {type(logits).__name__}"
        raise BadInput(f"{name} gives {gives} for {len(batch.real)} pictures; let it give one logit for each, (B, 1).")
    if last.name == "sigmoid" and logits.min() >= 0 and logits.max() <= 1:
        raise BadInput(f"{name} ends in a sigmoid, and the losses take logits (they put σ on themselves); remove it.")


def _played(state: State, batch: Batch) -> None:
    """Both losses of the game are scalars that can be descended."""
    game, name = state.recipe.game, type(state.discriminator).__name__
    try:
        with one_sentence(f"the game {game.name} cannot be played by {name}"):
            found = game.d_loss(state.discriminator, batch)
            g_loss = game.g_loss(state.discriminator, batch._replace(fake=batch.fake.clone().requires_grad_()))
    except BadRun:
        raise
    except GanLibError as error:
        said = str(error)
        raise error if name in said else BadInput(f"the game {game.name} cannot be played by {name}: {said}") from error
    if not isinstance(found, tuple) or len(found) != 3:
        raise BadInput(f"d_loss of the game {game.name} gives no DLoss; return DLoss(loss, real_logits, fake_logits).")
    for what, loss in (("d_loss", found[0]), ("g_loss", g_loss)):
        if not torch.is_tensor(loss) or loss.ndim or not loss.requires_grad:
            gives = f"a tensor of shape {tuple(loss.shape)}" if torch.is_tensor(loss) else f"a {type(loss).__name__}"
            without = " without a gradient" if torch.is_tensor(loss) and not loss.requires_grad else ""
            raise BadInput(f"{what} of the game {game.name} gives {gives}{without}; let it give one number to descend.")
