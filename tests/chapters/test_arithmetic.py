"""Convolution arithmetic against torch itself, over random settings, refusals included."""

import random

import pytest
import torch
from torch.nn.functional import conv2d, conv_transpose2d

from gan_lib.chapters import arithmetic
from gan_lib.errors import BadInput


def draw(rng, *, transposed, least=0):
    """A random setting, possible or not."""
    setting = {
        "size": rng.randint(1, 9),
        "kernel_size": rng.randint(least, 5),
        "stride": rng.randint(least, 4),
        "padding": rng.randint(least - 1, 4),
        "dilation": rng.randint(least, 3),
    }
    return setting | ({"output_padding": rng.randint(least - 1, 3)} if transposed else {})


def torch_output(size, kernel_size, *, weight=None, **options):
    """torch's own result of ones, as a function of the input; sizes are pairs."""
    x = torch.ones(1, 1, *size, dtype=torch.float64, requires_grad=True)
    weight = torch.ones(1, 1, *kernel_size, dtype=torch.float64) if weight is None else weight
    function = conv_transpose2d if "output_padding" in options else conv2d
    return x, function(x, weight, **options)


def torch_size(setting):
    """A pair, or None where torch refuses."""
    try:
        with torch.no_grad():
            return tuple(torch_output(**setting)[1].shape[2:])
    except RuntimeError:
        return None


def pairs(vertical, horizontal):
    return {name: (vertical[name], horizontal[name]) for name in vertical}


def test_eq_conv_size_and_its_refusals_are_torchs():
    compare_sizes(transposed=False)


def test_eq_conv_transpose_size_and_its_refusals_are_torchs():
    compare_sizes(transposed=True)


def compare_sizes(transposed):
    function = arithmetic.conv_transpose_size if transposed else arithmetic.conv_size
    rng, seen = random.Random(0), {True: 0, False: 0}
    for i in range(2_000):
        least = 0 if i % 2 else 1
        setting = pairs(draw(rng, transposed=transposed, least=least), draw(rng, transposed=transposed, least=least))
        expected = torch_size(setting)
        seen[expected is None] += 1
        if expected is None:
            with pytest.raises(ValueError):
                function(**setting)
        else:
            assert function(**setting) == expected
    assert min(seen.values()) > 300


def test_ints_give_an_int_and_pairs_a_pair():
    assert arithmetic.conv_size(28, 4, 2, 1) == 14
    assert arithmetic.conv_size((28, 30), 4, 2, 1) == (14, 15)
    assert arithmetic.conv_size(28, (3, 5)) == (26, 24)
    assert arithmetic.conv_transpose_size(14, 4, 2, 1) == 28
    assert arithmetic.conv_transpose_size(7, 3, 2, 1, 1) == 14
    assert arithmetic.conv_transpose_size((1, 2), 4) == (4, 5)


@pytest.mark.parametrize("transposed", [False, True])
def test_sources_are_the_inputs_that_move_the_cell(transposed):
    sources = arithmetic.conv_transpose_sources if transposed else arithmetic.conv_sources
    rng, done = random.Random(1), 0
    while done < 300:
        setting = pairs(draw(rng, transposed=transposed, least=1), draw(rng, transposed=transposed, least=1))
        size = torch_size(setting)
        if size is None:
            continue
        weight = torch.randn(1, 1, *setting["kernel_size"], dtype=torch.float64)
        x, y = torch_output(**setting, weight=weight)
        cell = tuple(rng.randrange(n) for n in size)
        (gradient,) = torch.autograd.grad(y[0, 0][cell], x)
        expected = torch.zeros_like(x)
        for at, tap in sources(cell, **setting):
            expected[0, 0][at] += weight[0, 0][tap]
        torch.testing.assert_close(gradient, expected)
        done += 1


def test_overlap_counts_the_products_of_each_cell():
    rng, done = random.Random(2), 0
    while done < 100:
        setting = pairs(draw(rng, transposed=True, least=1), draw(rng, transposed=True, least=1))
        if torch_size(setting) is None:
            continue
        _, y = torch_output(**setting)
        assert torch.equal(arithmetic.overlap(**setting).double(), y[0, 0].detach())
        done += 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: arithmetic.conv_size(3, 4), "a kernel that spans 4 cells does not fit into a padded input of 3"),
        (lambda: arithmetic.conv_size(3, 0), "kernel_size 0 is not possible; it must be 1 or more"),
        (lambda: arithmetic.conv_size(3, 2, padding=-1), "padding -1 is not possible; it must be 0 or more"),
        (lambda: arithmetic.conv_size((3, 3, 3), 2), "is not possible; give a whole number, or a pair of them"),
        (lambda: arithmetic.conv_transpose_size(3, 3, 2, 1, 2), "output_padding 2 .* must be from 0 to 1 here"),
        (lambda: arithmetic.conv_transpose_size(1, 2, padding=1), "the output would have 0 cells; take less padding"),
        (lambda: arithmetic.conv_sources((2, 0), 4, 3), r"the output has no cell \(2, 0\); it is 2 × 2"),
        (lambda: arithmetic.conv_sources((0, 0, 0), 4, 3), "is not possible; give a whole number, or a pair of them"),
        (lambda: arithmetic.conv_size(torch.tensor(3.5), 2), "is not possible; give a whole number"),
        (lambda: arithmetic.conv_size("34", 2), "'34' is not possible; give a whole number"),
        (
            lambda: arithmetic.conv_matrix(torch.ones(1, 1, 3, 3), 4),
            r"weight has the shape \(1, 1, 3, 3\); give \(n, n\)",
        ),
    ],
)
def test_a_refusal_says_what_was_given_and_what_is_possible(call, said):
    with pytest.raises(BadInput, match=said):
        call()


@pytest.mark.parametrize("transposed", [False, True])
def test_the_matrix_is_the_operation(transposed):
    rng, done = random.Random(3), 0
    while done < 100:
        setting = pairs(draw(rng, transposed=transposed, least=1), draw(rng, transposed=transposed, least=1))
        if torch_size(setting) is None:
            continue
        weight = torch.randn(1, 1, *setting["kernel_size"], dtype=torch.float64)
        options = {name: value for name, value in setting.items() if name not in ("size", "kernel_size")}
        build = arithmetic.conv_transpose_matrix if transposed else arithmetic.conv_matrix
        matrix = build(weight[0, 0], setting["size"], **options)
        x = torch.randn(1, 1, *setting["size"], dtype=torch.float64)
        expected = (conv_transpose2d if transposed else conv2d)(x, weight, **options)
        torch.testing.assert_close(matrix @ x.flatten(), expected.flatten())
        done += 1


def test_the_transposed_convolution_is_the_transpose():
    weight = torch.randn(3, 3, dtype=torch.float64)
    forward = arithmetic.conv_matrix(weight, 5, stride=2, padding=1)  # 5 × 5 → 3 × 3
    back = arithmetic.conv_transpose_matrix(weight, 3, stride=2, padding=1)  # 3 × 3 → 5 × 5
    assert torch.equal(back, forward.T)


def test_lists_and_arrays_are_taken():
    assert torch.equal(arithmetic.conv_matrix([[1, 2]], (1, 3)), torch.tensor([[1.0, 2, 0], [0, 1, 2]]).double())
    assert arithmetic.conv_size(torch.tensor([28, 30]), torch.tensor(3)) == (26, 28)
