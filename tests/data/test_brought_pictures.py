"""What readers bring as pictures and labels: taken as what it obviously is, or refused in one true sentence."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from gan_lib.data import ImageSet, to_range
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput

RNG = np.random.default_rng(0)
BYTES = torch.from_numpy(RNG.integers(0, 256, (6, 3, 16, 12), dtype=np.uint8))  # (N, C, H, W)
GREY = BYTES[:, :1]
LAST = BYTES.permute(0, 2, 3, 1).contiguous()  # (N, H, W, C)
FLOATS = to_range(BYTES)
UNIT = BYTES / 255
MASKS = (GREY > 127).to(torch.uint8)
WORDS = BYTES.numpy().astype(np.uint16) * 257  # 16 bits


class Later:
    """Something that turns into an array, as a data frame or an HDF5 file does."""

    def __array__(self, dtype=None, copy=None):
        return BYTES.numpy()


def pil(mode):
    return [Image.fromarray(picture.numpy()).convert(mode) for picture in LAST]


def from_pil(mode):
    """What PIL itself calls the pictures of that mode, (N, C, H, W)."""
    arrays = [np.asarray(image) for image in pil(mode)]
    return torch.from_numpy(np.stack([a.reshape(16, 12, -1) for a in arrays])).permute(0, 3, 1, 2)


def read_only(array):
    array.setflags(write=False)
    return array


TAKEN = {  # what somebody brings, and the pixels it becomes
    "bytes": (BYTES, BYTES),
    "floats in −1…1": (FLOATS, FLOATS),
    "NumPy": (BYTES.numpy(), BYTES),
    "a read-only array": (read_only(BYTES.numpy().copy()), BYTES),
    "an array in Fortran order": (np.asfortranarray(BYTES.numpy()), BYTES),
    "a mirrored view": (BYTES.numpy()[..., ::-1], BYTES.flip(3)),
    "a list of tensors": (list(BYTES), BYTES),
    "a tuple of arrays": (tuple(BYTES.numpy()), BYTES),
    "nested lists": (BYTES[:2].tolist(), BYTES[:2]),
    "anything that turns into an array": (Later(), BYTES),
    "a tensor with a gradient": (FLOATS.clone().requires_grad_(), FLOATS),
    "PIL, grey": (pil("L"), from_pil("L")),
    "PIL, RGB": (pil("RGB"), BYTES),
    "PIL, grey and alpha": (pil("LA"), from_pil("LA")),
    "PIL, RGBA": (pil("RGBA"), from_pil("RGBA")),
    "PIL, one bit": (pil("1"), from_pil("1").to(torch.uint8) * 255),
    "PIL, CMYK": (pil("CMYK"), torch.stack([from_pil("RGB")]).squeeze(0)),
    "PIL, 32 bits": (pil("I"), from_pil("L")),
    "one PIL image": (pil("RGB")[0], BYTES[:1]),
    "channels last": (LAST, BYTES),
    "channels last, NumPy": (LAST.numpy(), BYTES),
    "a list of (H, W, C)": (list(LAST.numpy()), BYTES),
    "four channels": (BYTES[:, [0, 1, 2, 0]], BYTES[:, [0, 1, 2, 0]]),
    "two channels": (BYTES[:, :2], BYTES[:, :2]),
    "no axis for channels": (GREY[:, 0], GREY),
    "one picture, channels last": (LAST[0], BYTES[:1]),
    "bool": (MASKS.bool(), MASKS * 255),
    "masks": (MASKS, MASKS * 255),
    "masks, int64": (MASKS.long(), MASKS * 255),
    "black bytes": (torch.zeros_like(GREY), torch.zeros_like(GREY)),
    "int64": (BYTES.long(), BYTES),
    "int16": (BYTES.short(), BYTES),
    "16 bits": (WORDS, BYTES),
    "16 bits, torch": (torch.from_numpy(WORDS), BYTES),
    "16 bits, big-endian": (WORDS.astype(">u2"), BYTES),
    "16 bits, int32": (WORDS.astype(np.int32), BYTES),
    "float64": (FLOATS.double(), FLOATS),
    "long double": (FLOATS.numpy().astype(np.longdouble), FLOATS),
    "half": (FLOATS.half(), FLOATS.half().float()),
    "bfloat16": (FLOATS.bfloat16(), FLOATS.bfloat16().float()),
    "a rounding outside −1…1": (FLOATS * 1.0005, (FLOATS * 1.0005).clamp(-1, 1)),
    "0…1, as ToTensor gives them": (UNIT, 2 * UNIT - 1),
    "0…1, float64": (UNIT.double().numpy(), 2 * UNIT - 1),
    "0…255 as floats": (BYTES.float(), BYTES),
    "0…255, half": (BYTES.half(), BYTES),
    "between the bytes": (BYTES.float() * 0.999, (BYTES.float() * 0.999).round().to(torch.uint8)),
}


@pytest.mark.parametrize("case", TAKEN)
def test_pixels_are_taken_as_what_they_obviously_are(case):
    given, expected = TAKEN[case]
    before = given.clone() if isinstance(given, torch.Tensor) else None
    found = ImageSet("mine", given)
    torch.testing.assert_close(found.pixels, expected, rtol=0, atol=1e-6 if expected.is_floating_point() else 0)
    assert not found.pixels.requires_grad
    assert found.labels.tolist() == [0] * len(expected) and found.classes == ("all",)
    if before is not None:
        assert torch.equal(given, before)  # nobody writes into what a reader has
    again = replace(found, name="again")
    assert again.pixels is found.pixels and again.labels is found.labels  # the book's own form costs nothing


POINTS = torch.rand(9, 2) * 2 - 1


def test_points_stay_points():
    assert ImageSet("points", POINTS).pixels is POINTS
    first_quadrant = POINTS / 2 + 0.5  # a place in the plane, too: not stretched
    for given in (POINTS.double(), POINTS.numpy(), POINTS.tolist(), first_quadrant):
        found = ImageSet("points", given)
        torch.testing.assert_close(found.pixels, torch.as_tensor(given, dtype=torch.float32))
    assert str(found) == "points: 9 points of 2 numbers, torch.float32 on cpu"


@pytest.mark.parametrize("given", [BYTES[0], GREY[0], LAST[0], GREY[0, 0], UNIT[0, 0]])
def test_one_label_says_that_it_is_one_picture(given):
    found = ImageSet("one", given, [0])
    assert len(found.pixels) == 1 and found.pixels.shape[2:] == (16, 12)


def with_value(value):
    pixels = FLOATS.clone()
    pixels[1, 0, 2, 3] = value
    return pixels


DATASET = TensorDataset(FLOATS, torch.zeros(6))
REFUSED = {
    "nothing": (None, "NoneType; bring a tensor"),
    "a data set": (DATASET, r"TensorDataset; bring .*torch\.stack\("),
    "a loader": (DataLoader(DATASET), r"DataLoader; bring .*torch\.cat\("),
    "a path": ("pictures/", "str; bring a list of the opened pictures"),
    "paths": (["a.png", "b.png"], "str; bring a list of the opened pictures"),
    "a generator": ((x for x in BYTES), r"generator; bring list\(yours\)"),
    "a dict": ({"images": BYTES}, "dict; bring one of its values .'images'"),
    "a number": (3, r"shape \(\)"),
    "pairs": ([(x, 0) for x in FLOATS], r"pairs of picture and label; bring \[x for x, _ in yours\]"),
    "an empty list": ([], "empty list"),
    "no pictures": (BYTES[:0], r"shape \(0, 3, 16, 12\), so there is nothing"),
    "no rows": (BYTES[:, :, :0], "nothing in them"),
    "pictures of two sizes": ([BYTES[0], BYTES[1, :, 1:]], r"number 0 has the shape \(3, 16, 12\), number 1 .*15, 12"),
    "ragged lists": ([[[1, 2]], [[1, 2, 3]]], r"number 0 has the shape \(1, 2\), number 1 has \(1, 3\)"),
    "grey and colour": ([pil("L")[0], pil("RGB")[0]], r"\(1, 16, 12\), number 1 has \(3, 16, 12\)"),
    "bytes and floats": ([BYTES[0], FLOATS[0]], "number 0 has the dtype torch.uint8, number 1 has torch.float32"),
    "complex": (FLOATS + 0j, "torch.complex64"),
    "sparse": (FLOATS.to_sparse(), "torch.sparse_coo"),
    "meta": (FLOATS.to("meta"), "on meta"),
    "uint64": (BYTES.to(torch.uint64), "torch.uint64"),
    "objects": (np.array([None, 3]), "array of object, for example 'None'"),
    "text": (np.array(["3"]), "array of <U1, for example '3'"),
    "dates": (np.array(["2020-01-01"], dtype="datetime64[D]"), "datetime64"),
    "NaN": (with_value(float("nan")), "of the 3,456 pixel values 1 are NaN or infinite"),
    "infinite": (with_value(float("inf")), "1 are NaN or infinite"),
    "too large": (with_value(3.0), "floats from -1 to 3; bring them in −1…1"),
    "negative bytes": (BYTES.short() - 1, "whole numbers from -1 to 254"),
    "more than 16 bits": (BYTES.long() * 300, "whole numbers from 0 to 76,500"),
    "12 bits": (BYTES.int() * 16, "whole numbers from 0 to 4,080"),
    "scikit-learn's digits": (torch.rand(6, 8, 8).double().round() * 16, "floats from 0 to 16"),
    "five channels": (BYTES.repeat(1, 2, 1, 1)[:, :5], r"shape \(6, 5, 16, 12\); bring 1 to 4 channels"),
    "rows of bytes": (BYTES.flatten(1), r"shape \(6, 576\); make it \(N, C, H, W\)"),
    "rows of floats": (BYTES.flatten(1).double(), r"\(6, 576\), reach from 0 to 255; scale .* if they are pict"),
    "videos": (BYTES[None], r"shape \(1, 6, 3, 16, 12\)"),
    "wide points": (POINTS * 3, "reach from .*; scale them into −1…1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_pixels_are_refused_in_one_sentence(case):
    given, said = REFUSED[case]
    with pytest.raises(BadInput, match=said) as refused:
        ImageSet("mine", given)
    assert "\n" not in str(refused.value) and str(refused.value).endswith(".")


def test_a_broken_file_is_refused(tmp_path):
    whole = tmp_path / "whole.png"
    pil("RGB")[0].resize((300, 300)).save(whole)
    (tmp_path / "broken.png").write_bytes(whole.read_bytes()[:400])
    with pytest.raises(BadInput, match=r"broken\.png cannot be decoded"):
        ImageSet("mine", [Image.open(whole), Image.open(tmp_path / "broken.png")])


def test_a_palette_keeps_what_is_transparent():
    palette = pil("RGB")[0].quantize(8)
    assert ImageSet("mine", [palette]).pixels.shape == (1, 3, 16, 12)
    palette.info["transparency"] = 0
    assert ImageSet("mine", [palette]).pixels.shape == (1, 4, 16, 12)


# ------------------------------------------------------------------------------------------ labels

NUMBERS = torch.tensor([0, 2, 1, 1, 0, 2])
LABELS = {  # labels, classes, and the classes they become; the labels become NUMBERS
    "int64": (NUMBERS, None, ("0", "1", "2")),
    "a list": (NUMBERS.tolist(), None, ("0", "1", "2")),
    "NumPy": (NUMBERS.numpy(), ["a", "b", "c"], ("a", "b", "c")),
    "0-d tensors": (list(NUMBERS), None, ("0", "1", "2")),
    "uint8": (NUMBERS.to(torch.uint8), None, ("0", "1", "2")),
    "uint16": (NUMBERS.numpy().astype(np.uint16), None, ("0", "1", "2")),
    "whole floats": (NUMBERS.double(), None, ("0", "1", "2")),
    "a column": (NUMBERS[:, None], None, ("0", "1", "2")),
    "one-hot": (torch.eye(3)[NUMBERS], None, ("0", "1", "2")),
    "one-hot, bool": (torch.eye(3)[NUMBERS].bool().numpy(), None, ("0", "1", "2")),
    "names": ([("ant", "bee", "cat")[i] for i in NUMBERS], None, ("ant", "bee", "cat")),
    "names in an array": (np.array(["ant", "bee", "cat"])[NUMBERS], None, ("ant", "bee", "cat")),
    "names as objects": (np.array(["0", "1", "2"], dtype=object)[NUMBERS], None, ("0", "1", "2")),
    "names of classes": ([("cat", "ant", "bee")[i] for i in NUMBERS], ("cat", "ant", "bee"), ("cat", "ant", "bee")),
    "ImageFolder's classes": (NUMBERS, {"x": 0, "y": 1, "z": 2}, ("x", "y", "z")),
    "no names": (NUMBERS, (), ("0", "1", "2")),
    "more names than labels": (NUMBERS, ["a", "b", "c", "d"], ("a", "b", "c", "d")),
}


@pytest.mark.parametrize("case", LABELS)
def test_labels_are_taken_as_what_they_obviously_are(case):
    given, classes, expected = LABELS[case]
    found = ImageSet("mine", BYTES, given, classes)
    assert found.labels.dtype == torch.int64 and torch.equal(found.labels, NUMBERS) and found.classes == expected
    assert found.labels is given or case != "int64"


def test_bool_labels_are_two_classes():
    assert ImageSet("mine", BYTES, NUMBERS == 1).labels.tolist() == [0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        (NUMBERS[:5], None, r"shape \(5,\), and there are 6"),
        (3, None, r"shape \(\), and there are 6"),
        (NUMBERS[None], None, r"shape \(1, 6\)"),
        ([[0], [1, 2]], None, r"number 0 has the shape \(1,\), number 1 has \(2,\)"),
        (NUMBERS / 2, None, "a label is 0.5; bring whole numbers"),
        (NUMBERS.double().log(), None, "a label is -inf"),
        ([0, 1, float("nan"), 0, 1, 2], None, "a label is nan"),
        (NUMBERS - 1, None, "begin at -1; count the classes from 0"),
        (NUMBERS, ["a", "b"], "reach 2 and there are 2 classes .*at least 3 names"),
        (NUMBERS * 10**9, None, "reach 2,000,000,000; number the classes"),
        (torch.ones(6, 3), None, r"row 0 of the labels, \(6, 3\), is not one 1 among zeros"),
        (["a", "b", "a", "b", "a", "d"], ["a", "b"], "label 'd' is none of the classes a, b"),
        (["a", 1, "a", "b", "a", "d"], None, "come as str; bring one whole number or one name"),
        ([1, "a", "a", "b", "a", "d"], None, "array of <U.*; bring numbers alone"),
        (NUMBERS + 0j, None, "complex"),
        ("ant", None, "come as str; bring one whole number or one name for each picture"),
        (DATASET, None, "come as TensorDataset; bring one whole number"),
        (NUMBERS, "abc", "classes is 'abc'; give a list of names"),
        (NUMBERS, 3, "classes is 3; give a list of names"),
        (NUMBERS, ["a", "b", "a"], "two classes are called 'a'"),
    ],
)
def test_other_labels_are_refused_in_one_sentence(labels, classes, said):
    with pytest.raises(BadInput, match=said) as refused:
        ImageSet("mine", BYTES, labels, classes)
    assert "\n" not in str(refused.value) and str(refused.value).endswith(".")


def test_a_name_is_a_string():
    with pytest.raises(BadInput, match="name of the data is a NoneType"):
        ImageSet(None, BYTES)


def test_a_fingerprint_changes_with_every_pixel_and_label_and_with_nothing_else():
    found = ImageSet("mine", BYTES, NUMBERS)
    assert len(found.fingerprint()) == 16 and int(found.fingerprint(), 16) >= 0
    other = BYTES.clone()
    other[5, 2, 15, 11] ^= 1
    same = (ImageSet("other", list(BYTES), NUMBERS.tolist(), ["a", "b", "c"]), ImageSet("mine", LAST, NUMBERS))
    differ = (
        ImageSet("mine", other, NUMBERS),
        ImageSet("mine", BYTES, NUMBERS.flip(0)),
        ImageSet("mine", BYTES.reshape(6, 3, 12, 16), NUMBERS),
        ImageSet("mine", FLOATS, NUMBERS),
    )
    assert {each.fingerprint() for each in same} == {found.fingerprint()}
    assert len({each.fingerprint() for each in (found, *differ)}) == 5


# ------------------------------------------------------------------------------------------ sheets and PNG files


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_a_sheet_of_any_channels_is_filled_up_and_comes_back_from_its_png(channels, mode, tmp_path):
    pictures = BYTES[:, [0, 1, 2, 0][:channels]].transpose(2, 3)  # (6, C, 12, 16), and not contiguous
    drawn = sheet(pictures, 4)  # (C, 24, 64)
    assert drawn.shape == (channels, 24, 64)
    assert torch.equal(drawn[:, :12, 16:32], pictures[1]) and torch.equal(drawn[:, 12:, :16], pictures[4])
    assert not drawn[:, 12:, 32:].any()  # black, or transparent
    for scale in (1, 3):
        (tmp_path / "x.png").write_bytes(png(drawn, scale))
        with Image.open(tmp_path / "x.png") as image:
            assert image.mode == mode
            back = torch.from_numpy(np.array(image)).reshape(24 * scale, 64 * scale, channels).permute(2, 0, 1)
        assert torch.equal(back[:, ::scale, ::scale], drawn)


@pytest.mark.parametrize("shape", [(1, 5, 1), (1, 1, 5), (1, 1, 1), (3, 1, 1)])
def test_a_thin_picture_is_drawn(shape):
    assert png(BYTES.flatten()[: int(np.prod(shape))].reshape(shape)).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: png(FLOATS[0]), r"torch.float32 and shape \(3, 16, 12\) cannot be drawn; give uint8"),
        (lambda: png(BYTES), r"shape \(6, 3, 16, 12\)"),
        (lambda: png(BYTES[:5, 0]), r"shape \(5, 16, 12\)"),
        (lambda: png(BYTES[0, :, :0]), r"shape \(3, 0, 12\)"),
        (lambda: png(BYTES[0].numpy()), "a ndarray is no picture"),
        (lambda: png(BYTES[0], 0), "scale is 0; choose a whole number, 1 or more"),
        (lambda: png(BYTES[0], 1.5), "scale is 1.5"),
        (lambda: sheet(BYTES[0], 2), r"shape \(3, 16, 12\)"),
        (lambda: sheet(BYTES[:0], 2), r"shape \(0, 3, 16, 12\)"),
        (lambda: sheet(BYTES, 0), "columns is 0"),
    ],
)
def test_what_is_no_picture_is_not_drawn(call, said):
    with pytest.raises(BadInput, match=said):
        call()
