"""Chapter 3's four trainings: what each does to D and to the pictures, seen early."""

import torch

from gan_lib import data
from gan_lib.chapters.broken import TRAININGS, four_trainings
from gan_lib.chapters.exercises import EXERCISES


def test_d_can_be_sure_in_all_but_the_one_with_a_sigmoid_too_many():
    before = torch.get_rng_state()
    found = four_trainings(data.load("fashion-mnist"), steps=100)
    assert torch.equal(torch.get_rng_state(), before)
    assert list(found) == list(TRAININGS)
    surest = {letter: answers.sub(0.5).abs().max().item() for letter, (answers, _) in found.items()}
    assert surest.pop(EXERCISES["never-sure"].reference()) < 0.24 < 0.3 < min(surest.values())
    corners = {letter: pictures[..., :3, :3].mean().item() for letter, (_, pictures) in found.items()}
    assert all(pictures.shape == (8, 1, 28, 28) for _, pictures in found.values())
    assert corners["c"] < corners["d"]  # the veil of data in 0…1
