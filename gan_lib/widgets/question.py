"""Give me a question: a layer in which one number is missing. The page makes the questions and checks the answers.

It needs no kernel: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

import matplotlib.pyplot as plt

from gan_lib.data.pictures import figure_png
from gan_lib.widgets.face import display_page

EXAMPLE = (  # seen where no script runs
    "nn.Conv2d(1, 1, kernel_size=4, stride=2, padding=1, dilation=1)(torch.zeros(1, 1, 7, 7))  # (1, 1, ?, ?)"
)


def ask_arithmetic() -> None:
    """Display a random question about the arithmetic of a convolution or a transposed one, and others if wanted."""
    figure, axis = plt.subplots(figsize=(9, 0.4))
    axis.axis("off")
    axis.text(0, 0.5, EXAMPLE, family="monospace", fontsize=9, va="center")
    alt = f"Which number belongs in the place of the question mark? {EXAMPLE}"
    display_page("question", {}, figure_png(figure), alt)
