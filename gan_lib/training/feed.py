"""Real pictures on their way to the networks: on the device already, or fetched while it computes."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from gan_lib.data.images import ImageSet, ShuffledIndices

AHEAD = 4  # batches that are fetched early
AT_ONCE = 2  # threads that fetch: while one waits for the disk, the other copies


class Feed:
    """The batch of the rows that were drawn last, on the set's device, with the same bits wherever the pixels lie.

    Pixels on the device are taken by their rows. Others are fetched by threads, `AHEAD` batches early: the order of an
    epoch is known when it begins, so `rows` is only looked at, and what a checkpoint keeps of it does not change. No
    batch of the next epoch is fetched, because nobody has drawn its order yet.
    """

    def __init__(self, images: ImageSet, rows: ShuffledIndices, mine: slice):
        """`rows` gives the joined batch's rows, and `mine` is this process's part of them."""
        self.images, self.rows, self.mine = images, rows, mine
        self.is_far = images.is_on_disk or images.pixels.device != images.device
        self.order, self.on_cpu = None, None  # of the epoch: as `rows` has it, and where the pixels are
        self.coming: deque[tuple[int, Future]] = deque()  # where a batch ends in the order, its pixels
        self.threads = ThreadPoolExecutor(AT_ONCE) if self.is_far else None

    def take(self, rows: Tensor) -> Tensor:
        """The pixels of `rows`, (B,), which are this process's part of what `self.rows` gave last: (B, C, H, W), or
        (B, d), as the set has them."""
        if not self.is_far:
            return self.images.pixels[rows]
        if self.order is not self.rows.order:  # a new epoch, or a restored one; the device waits once
            self.order, self.on_cpu = self.rows.order, self.rows.order.to(self.images.pixels.device)
            self.coming.clear()
        end, size = self.rows.start, self.rows.batch_size
        while self.coming and self.coming[0][0] != end:  # somebody drew rows and did not take them
            self.coming.popleft()
        last = self.coming[-1][0] if self.coming else end - size
        for next_end in range(last + size, min(end + AHEAD * size, len(self.order)) + 1, size):
            self.coming.append((next_end, self.threads.submit(self._fetch, next_end - size, next_end)))
        return self.coming.popleft()[1].result().to(self.images.device, non_blocking=True)

    def _fetch(self, start: int, end: int) -> Tensor:
        """The batch at that place of the order, (B, C, H, W), in memory that the device can read by itself."""
        pixels = self.images.pixels[self.on_cpu[start:end][self.mine]]
        if self.images.device.type != "cuda" or pixels.is_cuda:
            return pixels
        with torch.cuda.device(self.images.device):  # a thread begins at the first card
            return pixels.pin_memory()
