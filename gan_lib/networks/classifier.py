"""A small convolutional classifier; its features are what the book's Fréchet distance looks at."""

from __future__ import annotations

from torch import Tensor, nn

from gan_lib.networks.checks import check_images


class SmallClassifier(nn.Module):
    """28×28 grey image → ten class logits; 421,642 parameters, 128 features before the last layer."""

    num_features = 128  # torchmetrics asks for it by this name

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),  # (B, 32, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 32, 14, 14)
            nn.Conv2d(32, 64, 3, padding=1),  # (B, 64, 14, 14)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 64, 7, 7)
            nn.Flatten(),  # (B, 3136)
            nn.Dropout(0.3),
            nn.Linear(64 * 7 * 7, self.num_features),
            nn.ReLU(),
        )
        self.head = nn.Linear(self.num_features, 10)

    def features(self, x: Tensor) -> Tensor:
        """x (B, 1, 28, 28) in −1…1 → features (B, 128), all ≥ 0. BadInput: x has another shape."""
        check_images(x, (1, 28, 28), self)
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 1, 28, 28) in −1…1 → class logits (B, 10). BadInput: x has another shape."""
        return self.head(self.features(x))
