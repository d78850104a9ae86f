"""A small convolutional network whose features are learned without labels; the book's second judge looks through it."""

from __future__ import annotations

from torch import nn

from gan_lib.networks.classifier import SmallClassifier


class SelfTaught(SmallClassifier):
    """28×28 grey image → ten class logits; 188,234 parameters, 128 features before the last layer.

    Strides stand where `SmallClassifier` pools: twice as fast, and a maximum would hide fine grain. The last layer
    reads classes off the features, which were learned without them.
    """

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1),  # (B, 32, 14, 14)
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),  # (B, 64, 7, 7)
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),  # (B, 64, 4, 4)
            nn.ReLU(),
            nn.Flatten(),  # (B, 1024)
            nn.Linear(64 * 4 * 4, self.num_features),
            nn.ReLU(),
        )
