"""The figures: what they show is what they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from gan_lib.data import to_range
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.show import plots
from gan_lib.training import HISTORY_COLUMNS


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture
def table():
    return torch.cat([torch.arange(0, 600, 10.0)[:, None], torch.rand(60, 4)], dim=1)


def test_a_sheet_shows_every_picture_row_by_row_with_black_at_0(images):
    for given in (images.pixels[:5], to_range(images.pixels[:5])):
        axes = plots.pictures(given, columns=3, rows=("a", "b"), titles=("x", "y", "z")).axes
        assert len(axes) == 6 and not axes[5].images
        for axis, expected in zip(axes, images.pixels[:5, 0], strict=False):
            (shown,) = axis.images
            assert np.array_equal(shown.get_array(), expected) and shown.get_clim() == (0, 255)
        assert [axis.get_title() for axis in axes[:3]] == ["x", "y", "z"]
        assert (axes[0].get_ylabel(), axes[3].get_ylabel()) == ("a", "b")


def test_a_running_mean_is_the_mean_of_its_neighbours():
    values = torch.rand(20, dtype=torch.float64)
    expected = np.convolve(values, np.ones(6) / 6, mode="valid")
    np.testing.assert_allclose(plots.running_mean(values, 6), expected)
    np.testing.assert_allclose(plots.running_mean(values, 500), [values.mean()])


def test_a_column_is_found_by_its_name(table):
    for i, name in enumerate(HISTORY_COLUMNS):
        assert torch.equal(plots.column(table, name), table[:, i])


def test_the_history_shows_d_above_and_the_losses_below(table):
    top, bottom = plots.history(table, window=10).axes
    for axis, columns in ((top, (3, 4)), (bottom, (1, 2))):
        faint = [line for line in axis.lines if line.get_alpha()]
        assert len(faint) == 2
        for line, column in zip(faint, columns, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), table[:, column])
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["D(real)", "D(fake)"]


def test_a_band_lies_between_the_lowest_and_the_highest_seed(table):
    tables = [table, table + torch.tensor([0, 0, 0, 0.5, 0])]
    axis, _ = plots.band(tables, ("d_real", "d_fake"), window=10).axes
    middle = plots.running_mean(table[:, 3], 10) + 0.25
    np.testing.assert_allclose(axis.lines[0].get_ydata(), middle, rtol=1e-5)
    edges = axis.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.min() == pytest.approx(float(middle.min()) - 0.25) and axis.get_title() == "D(real)"


def test_maps_share_one_scale():
    values = torch.rand(3, 4, 4)
    figure = plots.maps(values, ("a", "b", "c"))
    shown = [axis.images[0] for axis in figure.axes[:3]]
    assert {image.get_clim() for image in shown} == {(0, values.max().item())}
    for image, value in zip(shown, values, strict=True):
        assert np.array_equal(image.get_array(), value)


def test_a_matrix_is_shown_cell_by_cell():
    values = torch.arange(12.0).reshape(3, 4)
    (axis,) = plots.matrix(values, "a title").axes
    assert np.array_equal(axis.images[0].get_array(), values) and axis.get_title() == "a title"


def test_a_gradient_path_has_an_arrow_for_each_box_that_it_passes_and_marks_who_keeps_some():
    figure = plots.gradient_paths({"all the way": ("z", "GD"), "cut": ("D", "D")})
    for axis, arrows, kept in zip(figure.axes, (4, 1), (["G", "D"], ["D"]), strict=True):
        boxes = [text for text in axis.texts if text.get_text()]
        assert [text.get_text() for text in boxes] == ["z", "G", "fake", "D", "loss"]
        marked = [text.get_text() for text in boxes if to_hex(text.get_bbox_patch().get_facecolor()) == plots.FAKE]
        assert marked == kept
        back = [text for text in axis.texts if not text.get_text() and text.xyann[0] > text.xy[0]]
        assert len(back) == arrows
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["all the way", "cut"]


def test_importing_changes_nothing_a_figure_carries_its_style_with_it_and_use_style_sets_it(table):
    before = dict(plt.rcParams)
    alone = plots.band([table], ("d_real", "d_fake"))
    assert dict(plt.rcParams) == before
    alone = figure_png(alone)
    with plt.rc_context():
        plots.use_style()
        assert plt.rcParams["font.size"] == 9 and figure_png(plots.band([table], ("d_real", "d_fake"))) == alone


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plots.pictures(torch.zeros(2, 28, 28)), r"images has the shape \(2, 28, 28\); give \(n, n, n, n\)"),
        (lambda: plots.pictures(torch.zeros(2, 2, 28, 28)), "the pictures have 2 channels; give 1"),
        (lambda: plots.pictures(torch.zeros(0, 1, 28, 28)), "images has the shape"),
        (lambda: plots.pictures(torch.zeros(1, 1, 28, 28), columns=0), "columns is 0; choose a whole number"),
        (lambda: plots.matrix(torch.zeros(3), "a title"), r"values has the shape \(3,\)"),
        (lambda: plots.history(torch.zeros(4, 3)), r"a history has the shape \(4, 3\); give \(n, 5\)"),
        (lambda: plots.history(torch.zeros(4, 5), window=0), "window is 0"),
        (lambda: plots.band([], ("d_real", "d_fake")), "give one table or more"),
        (lambda: plots.band([torch.zeros(4, 5)], ("d_real",)), "1 names were given; give an even number"),
        (lambda: plots.band([torch.zeros(4, 5)], ("d_real", "loss")), "column 'loss' is not known"),
        (lambda: plots.maps(torch.zeros(2, 4, 4), ("a",)), "2 maps from 0 on and 1 titles"),
        (lambda: plots.ranking(torch.tensor([1.0, torch.nan]), (0,), "x", "y"), "values holds NaN"),
        (lambda: plots.column(torch.zeros(4, 5), "loss"), "column 'loss' is not known"),
        (lambda: plots.gradient_paths({"a": ("x", "")}), "box 'x' is not known"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_leaves_no_figure(call, said):
    with pytest.raises(BadInput, match=said):
        call()
    assert not plt.get_fignums()


def test_arrays_and_lists_are_drawn_as_tensors_are(images):
    tensor, array = (plots.pictures(given, columns=2) for given in (images.pixels[:2], images.pixels[:2].numpy()))
    assert figure_png(tensor) == figure_png(array)
