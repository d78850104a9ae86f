"""Chapter 1: the theory of the game."""

from __future__ import annotations

import torch

from gan_lib.chapters import divergences
from gan_lib.chapters.exercises.exercise import HEAPS, Exercise, logits
from gan_lib.training.games import discriminator_loss

EXERCISES = {
    "best-d": Exercise(divergences.best_discriminator, HEAPS),
    "jsd": Exercise(lambda p, q: divergences.jsd(p, q, 1.0), HEAPS),
    "w1": Exercise(
        lambda p, q: divergences.wasserstein(p, q, 1.0),
        (*HEAPS, (torch.tensor([0.5, 0.0, 0.5]), torch.tensor([0.0, 1.0, 0.0]))),
    ),
    "gradient-ratio": Exercise(lambda d: 1 / d - 1, ((0.01,), (0.5,), (0.9,))),
    "value": Exercise(
        lambda real, fake: -discriminator_loss(real, fake),
        ((logits(6, 1), logits(5, 1)), (torch.full((2, 1), -200.0), torch.full((2, 1), 90.0))),
    ),
}
