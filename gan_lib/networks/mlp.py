"""A generator and a discriminator with one hidden layer each: the networks of chapter 3."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from gan_lib.errors import BadInput


class MLPGenerator(nn.Module):
    """z → image, 100-128-784 as standard: 114,064 parameters.

    Args:
        latent_dim: length of z.
        hidden: width of the hidden layer.
        image_shape: (C, H, W) of the picture.
    """

    def __init__(self, latent_dim: int = 100, hidden: int = 128, image_shape: tuple[int, int, int] = (1, 28, 28)):
        super().__init__()
        self.latent_dim, self.image_shape = latent_dim, tuple(image_shape)
        self.fc1 = nn.Linear(latent_dim, hidden)
        self.act = nn.LeakyReLU(0.2)
        self.fc2 = nn.Linear(hidden, prod(image_shape))

    def forward(self, z: Tensor) -> Tensor:
        """z (B, latent_dim), drawn from N(0, 1) → images (B, C, H, W) in −1…1.

        Raises:
            BadInput: z has another shape.
        """
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise BadInput(
                f"z has shape {tuple(z.shape)}; this generator takes (B, {self.latent_dim}), "
                f"for example torch.randn(8, {self.latent_dim})."
            )
        h = self.act(self.fc1(z))  # (B, 128)
        x = self.fc2(h).tanh()  # (B, 784)
        return x.unflatten(1, self.image_shape)  # (B, 1, 28, 28)


class MLPDiscriminator(nn.Module):
    """image → one logit, 784-128-1 as standard: 100,609 parameters.

    There is no sigmoid: the losses take logits, which keeps them finite (see `gan_lib.games`).

    Args:
        image_shape: (C, H, W) of the picture.
        hidden: width of the hidden layer.
    """

    def __init__(self, image_shape: tuple[int, int, int] = (1, 28, 28), hidden: int = 128):
        super().__init__()
        self.image_shape = tuple(image_shape)
        self.fc1 = nn.Linear(prod(image_shape), hidden)
        self.act = nn.LeakyReLU(0.2)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, C, H, W) in −1…1 → logits (B, 1); above 0 means "looks real".

        Raises:
            BadInput: x has another shape.
        """
        if x.shape[1:] != self.image_shape:
            wanted = ", ".join(map(str, ("B", *self.image_shape)))
            raise BadInput(f"images have shape {tuple(x.shape)}; this discriminator takes ({wanted}).")
        h = self.act(self.fc1(x.flatten(1)))  # (B, 784) → (B, 128)
        return self.fc2(h)  # (B, 1)
