"""Move the earth: the reader carries one heap to where another is wanted, and a merchant offers to do it.

It needs no kernel: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from gan_lib.chapters.transport import best_prices, sorted_plan
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import flag, listed, whole
from gan_lib.widgets.face import display_page

MOST_PLACES, MOST_SHOVELS = 10, 9  # what fits the width of a phone, and one place
FIRST, SECOND = (1, 0, 4, 1, 0, 3, 1, 0), (2, 0, 1, 1, 2, 1, 1, 2)  # to fill the nearest outline first is dear here
BLUE, ORANGE = "#2b7bb9", "#d1602f"  # as in page/earth


def move_earth(first: Sequence[int] = FIRST, second: Sequence[int] = SECOND, *, merchant: bool = False) -> None:
    """Display the first heap as shovels that the reader carries, the second as outlines to be filled, what the reader's
    plan costs beside the cheapest, and a merchant's prices, whose best earning is that cost.

    Args:
        first: how many shovels lie at each place, 2…10 places, 0…9 at each.
        second: how many are wanted there; as many in all.
        merchant: begin with the cheapest plan, and the prices below it.

    Raises:
        BadInput: other heaps, unequal sums, or nothing to carry.
    """
    p, q = _heap("first", first), _heap("second", second)
    if len(p) != len(q) or sum(p) != sum(q) or p == q:
        raise BadInput(
            f"the heaps are {brief(p)} and {brief(q)}; give two different ones on as many places, with as many shovels."
        )
    merchant = flag("merchant", merchant)
    first, second = torch.tensor(p), torch.tensor(q)
    plan, prices = sorted_plan(first, second), best_prices(first, second)
    data = {"first": p, "second": q, "merchant": merchant}
    display_page("earth", data, _poster(first, second, plan, prices, merchant), _told(p, q, plan, prices, merchant))


def _heap(what: str, given: object) -> list[int]:
    heap = [whole(f"a place of {what}", shovels, 0, MOST_SHOVELS) for shovels in listed(what, given)]
    if not 2 <= len(heap) <= MOST_PLACES:
        raise BadInput(f"{what} has {len(heap)} places; give 2 to {MOST_PLACES}.")
    return heap


def _told(p: list[int], q: list[int], plan: Tensor, prices: Tensor, merchant: bool) -> str:
    cost = (prices * (torch.tensor(q) - torch.tensor(p))).sum().int().item()
    ways = [f"{plan[i, j]:.0f} from {i + 1} to {j + 1}" for i, j in plan.nonzero().tolist() if i != j]
    best = f" The best prices of a merchant: {', '.join(f'{price:.0f}' for price in prices)}." if merchant else ""
    return (
        f"Shovels of earth at the places 1 to {len(p)}: {', '.join(map(str, p))}; wanted: {', '.join(map(str, q))}. "
        f"The cheapest plan carries {', '.join(ways)}, and costs {cost}.{best}"
    )


def _poster(p: Tensor, q: Tensor, plan: Tensor, prices: Tensor, merchant: bool) -> bytes:
    """Both heaps, and the cheapest plan as a table; below the heaps the best prices, if the merchant is there."""
    figure, axes = plt.subplot_mosaic(
        "ht;pt" if merchant else "ht", figsize=(7, 3 + merchant), width_ratios=(3, 2), layout="constrained"
    )
    places = list(range(1, len(p) + 1))
    axes["h"].bar([place - 0.2 for place in places], p.tolist(), 0.4, color=BLUE, label="earth")
    axes["h"].bar([place + 0.2 for place in places], q.tolist(), 0.4, color=ORANGE, label="wanted")
    high = max(p.max(), q.max()).item()
    axes["h"].set(xticks=places, ylim=(0, 1.3 * high), xlabel="place", ylabel="shovels")
    axes["h"].legend(loc="upper right", ncols=2)  # above the bars
    if merchant:
        axes["p"].plot(places, prices.tolist(), "o-", color=ORANGE)
        axes["p"].set(xticks=places, yticks=range(int(prices.max()) + 1), xlabel="place", ylabel="best price")
    high = 1.5 * plan.max().item()  # so that black can be read on the darkest
    axes["t"].imshow(plan.numpy(), cmap="Blues", vmin=0, vmax=high)
    for i, j in plan.nonzero().tolist():
        axes["t"].text(j, i, f"{plan[i, j]:.0f}", ha="center", va="center")
    ticks = range(len(p))
    axes["t"].set(xticks=ticks, xticklabels=places, yticks=ticks, yticklabels=places)
    axes["t"].set(xlabel="to place", ylabel="from place", title="the cheapest plan")
    axes["t"].grid(False)
    return figure_png(figure)
