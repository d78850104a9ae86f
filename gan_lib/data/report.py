"""What was found in a folder of pictures, before anything is trained on them."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

FEW = 50  # pictures of a class below which it is said that they are few
SHOWN = 5  # of each list in the text


@dataclass(frozen=True)
class FolderReport:
    """What a folder holds, what was left out and why; `print` shows it.

    Attributes:
        name: the folder's.
        shape: (N, C, H, W) of the pixels.
        sizes: "width×height" of the files, upright → how many; the commonest first.
        kinds: "PNG RGBA" and so on → how many; the commonest first.
        enlarged: pictures smaller than the side.
        cut: the share of a picture that the crop cuts away, on average; 0 where they are padded.
        copies: files with the content of an earlier one.
        classes: name → how many.
        unreadable: file or folder → why it could not be read.
        others: the ending of files that are no pictures → how many.
        hidden: files and folders with a dot before their names, and the like.
        nowhere: links to nothing or in a circle, and what is neither file nor folder.
        place: where the pixels are.
        notes: what one should know before a training, in sentences.
        sheet: uint8 (C, 8·H, 8·W), 64 of them, evenly from the first to the last.
    """

    name: str
    shape: tuple[int, int, int, int]
    sizes: dict[str, int]
    kinds: dict[str, int]
    enlarged: int
    cut: float
    copies: int
    classes: dict[str, int]
    unreadable: dict[str, str]
    others: dict[str, int]
    hidden: int
    nowhere: int
    place: str
    notes: tuple[str, ...]
    sheet: Tensor = field(repr=False, compare=False)

    def __str__(self) -> str:
        n, c, h, w = self.shape
        lines = [f"{self.name}: {n:,} pictures, {w}×{h}, {'grey' if c == 1 else 'colour'}, {self.place}"]
        lines += [f"  sizes     {counts(self.sizes)}", f"  kinds     {counts(self.kinds)}"]
        if len(self.classes) > 1:
            lines.append(f"  classes   {counts(self.classes, len(self.classes))}")
        lines.append(f"  left out  {self._left_out()}")
        lines += [f"            {name}: {why}" for name, why in list(self.unreadable.items())[:SHOWN]]
        if len(self.unreadable) > SHOWN:
            lines.append(f"            and {len(self.unreadable) - SHOWN:,} more")
        return "\n".join(lines + [f"  note      {note}" for note in self.notes])

    def _left_out(self) -> str:
        others = sum(self.others.values())
        parts = [
            (len(self.unreadable), f"{len(self.unreadable):,} that cannot be read"),
            (others, f"{others:,} other file{'s' * (others > 1)} ({counts(self.others, 8)})"),
            (self.hidden, f"{self.hidden:,} hidden"),
            (self.nowhere, f"{self.nowhere:,} links that lead nowhere or back, or no files"),
        ]
        return ", ".join(text for number, text in parts if number) or "nothing"


def counts(numbers: dict[str, int], most: int = SHOWN) -> str:
    """ "64×64 1,906, 32×32 4, 7 more": what there is, and how often."""
    parts = [f"{what} {number:,}" for what, number in list(numbers.items())[:most]]
    rest = len(numbers) - len(parts)
    return ", ".join(parts + [f"{rest:,} more"] * (rest > 0))
