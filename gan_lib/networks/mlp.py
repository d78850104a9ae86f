"""A generator and a discriminator with one hidden layer each: the networks of chapter 3."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from gan_lib.networks.checks import at_least_float32, check_images, check_z, shape, sizes


class MLPGenerator(nn.Module):
    """z → image, 100-128-784 as standard: 114,064 parameters.

    Args:
        latent_dim: length of z.
        hidden: width of the hidden layer.
        image_shape: (C, H, W) of the picture.
    """

    def __init__(self, latent_dim: int = 100, hidden: int = 128, image_shape: tuple[int, int, int] = (1, 28, 28)):
        super().__init__()
        latent_dim, hidden = sizes(latent_dim=latent_dim, hidden=hidden)
        self.latent_dim, self.classes, self.image_shape = latent_dim, 0, shape(image_shape)
        self.fc1 = nn.Linear(latent_dim, hidden)
        self.act = nn.LeakyReLU(0.2)
        self.fc2 = nn.Linear(hidden, prod(self.image_shape))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (B, latent_dim), drawn from N(0, 1) → images (B, C, H, W) in −1…1; labels are not looked at.

        Raises:
            BadInput: z has another shape.
        """
        check_z(z, self.latent_dim, self)
        h = self.act(self.fc1(z))  # (B, 128)
        x = self.fc2(h).tanh()  # (B, 784)
        return at_least_float32(x).unflatten(1, self.image_shape)  # (B, 1, 28, 28)


class MLPDiscriminator(nn.Module):
    """image → one logit, 784-128-1 as standard: 100,609 parameters.

    There is no sigmoid: the losses take logits, which keeps them finite (see `gan_lib.training.games`).

    Args:
        image_shape: (C, H, W) of the picture.
        hidden: width of the hidden layer.
    """

    def __init__(self, image_shape: tuple[int, int, int] = (1, 28, 28), hidden: int = 128):
        super().__init__()
        (hidden,) = sizes(hidden=hidden)
        self.image_shape = shape(image_shape)
        self.fc1 = nn.Linear(prod(self.image_shape), hidden)
        self.act = nn.LeakyReLU(0.2)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """x (B, C, H, W) in −1…1 → logits (B, 1); above 0 means "looks real". Labels are not looked at.

        Raises:
            BadInput: x has another shape.
        """
        check_images(x, self.image_shape, self)
        h = self.act(self.fc1(x.flatten(1)))  # (B, 784) → (B, 128)
        return at_least_float32(self.fc2(h))  # (B, 1)
