"""Where the data comes from: a folder, the cache, the network, the fallback; and how it is cut and resized."""

import errno
import gzip
import hashlib
import os
import struct
import threading
import warnings
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain

import pytest
import torch
from torchvision import datasets

from gan_lib import data
from gan_lib.errors import BadData, BadInput

NAMES = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
NOWHERE = "http://127.0.0.1:9/"  # nobody answers there


def idx(values):
    """A uint8 tensor as the official files hold it."""
    return gzip.compress(
        struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.numpy().tobytes()
    )


@pytest.fixture
def official(monkeypatch):
    """The four files of a tiny Fashion-MNIST, 30 pictures and 20, which gan_lib takes for the official one."""
    rng = torch.Generator().manual_seed(0)

    def random(top, *shape):
        return torch.randint(top, shape, generator=rng, dtype=torch.uint8)

    tensors = [random(256, 30, 28, 28), random(10, 30), random(256, 20, 28, 28), random(10, 20)]
    files = {name: idx(values) for name, values in zip(NAMES, tensors, strict=True)}

    class Tiny(datasets.FashionMNIST):
        pass

    Tiny.resources = [(name, hashlib.md5(content).hexdigest()) for name, content in files.items()]
    Tiny.mirrors = [NOWHERE]
    Tiny.files, Tiny.tensors = files, dict(zip(NAMES, tensors, strict=True))
    monkeypatch.setattr(datasets, "FashionMNIST", Tiny)
    return Tiny


@pytest.fixture
def folder(official, tmp_path, monkeypatch):
    """GAN_LIB_DATA with the four files: the folder they lie in."""
    raw = tmp_path / "given" / "Tiny" / "raw"
    raw.mkdir(parents=True)
    for name, content in official.files.items():
        (raw / name).write_bytes(content)
    monkeypatch.setenv("GAN_LIB_DATA", str(tmp_path / "given"))
    return raw


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Neither GAN_LIB_DATA nor a cache: the cache that will be made."""
    monkeypatch.delenv("GAN_LIB_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def mirror(official, tmp_path):
    """A web server on this machine with the four files: (its folder, a function that closes it)."""
    site = tmp_path / "site"
    site.mkdir()
    for name, content in official.files.items():
        (site / name).write_bytes(content)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, args=(0.05,)).start()
    official.mirrors = [NOWHERE, f"http://127.0.0.1:{server.server_port}/"]  # the second one answers
    yield site, server.shutdown
    server.shutdown()
    server.server_close()


def below(path):
    """Every file below a folder, and its bytes."""
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


def assert_is_official(found, official, part):
    assert torch.equal(found.pixels[:, 0], official.tensors[f"{part}-images-idx3-ubyte.gz"])
    assert torch.equal(found.labels, official.tensors[f"{part}-labels-idx1-ubyte.gz"].long())
    assert found.pixels.dtype == torch.uint8 and found.pixels.ndim == 4
    assert found.name == "fashion-mnist" and not found.is_fallback
    assert found.classes == tuple(datasets.FashionMNIST.classes) and found.classes[0] == "T-shirt/top"


@pytest.fixture
def no_notice():
    with warnings.catch_warnings():
        warnings.simplefilter("error", data.FallbackNotice)
        yield


# ------------------------------------------------------------------------------------------ the good paths


@pytest.mark.parametrize(("split", "part"), [("train", "train"), ("test", "t10k")])
def test_the_data_is_what_the_files_hold(official, folder, no_notice, split, part):
    found = data.load("fashion-mnist", split)
    assert_is_official(found, official, part)
    assert str(found) == f"fashion-mnist: {len(found.pixels)} images, 1×28×28, torch.uint8 on cpu"


@pytest.mark.parametrize("mode", [0o755, 0o555])
def test_a_data_folder_is_never_written_to(official, folder, mode):
    for path in (folder, *folder.iterdir()):
        path.chmod(mode if path.is_dir() else 0o444)
    before, times = below(folder.parent), {f: f.stat().st_mtime_ns for f in (folder, folder.parent, *folder.iterdir())}
    (folder / "train-images-idx3-ubyte").write_bytes(b"foreign") if mode == 0o755 else None  # is not trusted
    assert_is_official(data.load("fashion-mnist"), official, "train")
    (folder / "train-images-idx3-ubyte").unlink() if mode == 0o755 else None
    assert below(folder.parent) == before
    assert {f: f.stat().st_mtime_ns for f in times if f.is_file()} == {f: t for f, t in times.items() if f.is_file()}
    folder.chmod(0o755)


def test_it_downloads_once_from_a_mirror_that_answers_and_then_needs_no_network(official, mirror, cache, no_notice):
    _, close = mirror
    assert_is_official(data.load("fashion-mnist"), official, "train")
    close()
    official.mirrors = [NOWHERE]
    assert_is_official(data.load("fashion-mnist", "test"), official, "t10k")
    assert below(cache) == {f"gan_lib/Tiny/raw/{name}": content for name, content in official.files.items()}


def test_a_damaged_file_in_the_cache_is_downloaded_again(official, mirror, cache, no_notice):
    raw = cache / "gan_lib" / "Tiny" / "raw"
    raw.mkdir(parents=True)
    (raw / NAMES[1]).write_bytes(b"damaged")
    assert_is_official(data.load("fashion-mnist"), official, "train")
    assert (raw / NAMES[1]).read_bytes() == official.files[NAMES[1]]


@pytest.mark.skipif("GAN_LIB_DATA" not in os.environ, reason="needs the real files")
@pytest.mark.parametrize(("name", "torchvisions"), [("fashion-mnist", "FashionMNIST"), ("mnist", "MNIST")])
def test_the_real_files_are_read_as_torchvision_reads_them(name, torchvisions, tmp_path):
    raw = tmp_path / torchvisions / "raw"
    raw.mkdir(parents=True)
    for file in NAMES:
        (raw / file).symlink_to(os.path.join(os.environ["GAN_LIB_DATA"], torchvisions, "raw", file))
    for split in ("train", "test"):
        found = data.load(name, split)
        theirs = getattr(datasets, torchvisions)(tmp_path, train=split == "train", download=True)
        assert torch.equal(found.pixels[:, 0], theirs.data) and torch.equal(found.labels, theirs.targets)
        assert found.classes == tuple(theirs.classes)


# ------------------------------------------------------------------------------------------ the fallback


def test_without_any_network_the_digits_stand_in_and_both_ways_out_are_named(official, cache):
    with pytest.warns(data.FallbackNotice, match=r"GAN_LIB_DATA.*run again with a network") as notices:
        train, test = data.load("fashion-mnist"), data.load("fashion-mnist", "test")
    assert len(notices) == 2 and notices[0].filename == __file__  # it points at the reader's own line
    assert train.is_fallback and train.name == "digits"
    assert train.pixels.shape == (1500, 1, 28, 28) and test.pixels.shape == (297, 1, 28, 28)
    assert train.pixels.dtype == torch.uint8 and train.pixels.max() == 255 and train.pixels.min() == 0
    assert train.labels.dtype == torch.int64 and set(train.labels.tolist()) == set(range(10))
    assert below(cache) == {}


# ------------------------------------------------------------------------------------------ bad input


def missing(path):
    path.unlink()


def truncated(path):
    path.write_bytes(path.read_bytes()[:-7])


def foreign(path):
    path.write_bytes(idx(torch.zeros(30, 28, 28, dtype=torch.uint8)))


def no_file(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (missing, "does not exist; put .* or unset GAN_LIB_DATA"),
        (truncated, "damaged or not the official .* delete it"),
        (foreign, "damaged or not the official"),
        (no_file, "cannot be read .* make it readable"),
    ],
)
def test_a_file_that_cannot_be_taken_is_named_with_what_to_do(official, folder, name, fault, said):
    fault(folder / name)
    with pytest.raises(BadData, match=said) as refused:
        data.load("fashion-mnist")
    assert str(folder / name) in str(refused.value)


def test_a_data_folder_that_is_not_there_is_not_replaced_by_the_fallback(official, monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_LIB_DATA", str(tmp_path / "nothing"))
    with pytest.raises(BadData, match="does not exist"):
        data.load("fashion-mnist")


def test_a_damaged_download_is_refused_and_not_kept(official, mirror, cache):
    site, _ = mirror
    (site / NAMES[0]).write_bytes(official.files[NAMES[0]][:-7])
    with pytest.raises(BadData, match="download of Tiny came back damaged"):
        data.load("fashion-mnist")
    assert below(cache) == {}


def test_a_cache_that_cannot_be_written_is_named_with_both_ways_out(official, cache):
    cache.write_text("a regular file")
    with pytest.raises(BadData, match=r"cannot be read or written .*XDG_CACHE_HOME.*GAN_LIB_DATA") as refused:
        data.load("fashion-mnist")
    assert str(cache) in str(refused.value)


def test_a_disk_that_fills_up_during_the_download_is_not_taken_for_a_missing_network(official, cache, monkeypatch):
    def fill_up(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", fill_up)
    with pytest.raises(BadData, match=r"no room .*No space left on device.*XDG_CACHE_HOME"):
        data.load("fashion-mnist")
    assert below(cache) == {}


def test_an_unknown_name_or_split_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match="data set 'cifar' is not known; choose one of: fashion-mnist, mnist"):
        data.load("cifar")
    with pytest.raises(BadInput, match="split 'valid' is not known; choose one of: train, test"):
        data.load("mnist", "valid")


# ------------------------------------------------------------------------------------------ ranges and batches


def test_every_grey_level_survives_the_round_trip():
    levels = torch.arange(256, dtype=torch.uint8)
    values = data.to_range(levels)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values.double(), torch.arange(256, dtype=torch.float64) / 127.5 - 1, rtol=0, atol=1e-7)
    assert torch.equal(data.to_pixels(values), levels)
    assert torch.equal(data.to_pixels(values.double()), levels)


def test_values_between_grey_levels_are_rounded_and_those_outside_are_cut():
    values = torch.tensor([-5.0, -1.0, 100.4 / 127.5 - 1, 100.6 / 127.5 - 1, 1.0, 5.0])
    assert data.to_pixels(values).tolist() == [0, 0, 100, 101, 255, 255]


def batches(n, size, count, seed=0):
    rows = data.ShuffledIndices(n, size, torch.Generator().manual_seed(seed))
    return [next(rows).tolist() for _ in range(count)]


def test_each_epoch_visits_every_row_once_in_a_new_order():
    found = batches(12, 3, 8)
    first, second = [*chain(*found[:4])], [*chain(*found[4:])]
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second and first != list(range(12))


def test_an_epoch_has_no_short_batch_at_its_end_and_no_row_twice():
    found = batches(11, 4, 6)
    for epoch in (found[:2], found[2:4], found[4:]):
        assert [len(batch) for batch in epoch] == [4, 4]
        assert len(set(chain(*epoch))) == 8


def test_the_seed_alone_decides_the_order():
    assert batches(50, 7, 20, seed=3) == batches(50, 7, 20, seed=3)
    assert batches(50, 7, 20, seed=3) != batches(50, 7, 20, seed=4)


@pytest.mark.parametrize("size", [0, -1, 11])
def test_an_impossible_batch_size_is_refused_at_once(size):
    with pytest.raises(BadInput, match=f"batch size {size} is not possible with 10 images; choose 1…10"):
        data.ShuffledIndices(10, size, torch.Generator())


def test_a_batch_may_be_the_whole_data_set():
    assert sorted(batches(5, 5, 1)[0]) == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------------------------------ other sizes


def test_pictures_are_resized_once_and_stay_bytes(images):
    large = images.resized(32)
    assert large.pixels.shape == (64, 1, 32, 32) and large.pixels.dtype == torch.uint8
    expected = torch.nn.functional.interpolate(images.pixels.double(), size=(32, 32), mode="bilinear")
    assert (large.pixels - expected).abs().max() <= 0.5 + 1e-3
    assert images.resized(28) is images and torch.equal(large.labels, images.labels)


def test_floats_are_resized_to_floats_within_their_range(images):
    floats = data.ImageSet("floats", data.to_range(images.pixels), images.labels, images.classes)
    large = floats.fitted((1, 56, 56))
    assert floats.fitted((1, 28, 28)) is floats
    assert large.pixels.dtype == torch.float32 and large.pixels.abs().max() <= 1
    assert (data.to_pixels(large.pixels).int() - images.resized(56).pixels).abs().max() <= 1


def bytes_of(*shape):
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_a_notice_says_when_pictures_shrink_and_only_then():
    square, wide = (data.ImageSet("mine", bytes_of(2, 3, *sides)) for sides in ((64, 64), (40, 56)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert square.fitted((3, 128, 128)).pixels.shape == (2, 3, 128, 128)
    with pytest.warns(data.ResizedNotice, match="3×64×64 .*3×32×32") as notices:
        assert square.fitted((3, 32, 32)).pixels.shape == (2, 3, 32, 32)
    assert notices[0].filename == __file__
    with pytest.warns(data.ResizedNotice):
        assert wide.fitted((3, 20, 28)).pixels.shape == (2, 3, 20, 28)


def test_pictures_that_shrank_to_light_ones_are_not_read_as_another_range():
    light = torch.full((1, 1, 4, 4), 0.5)
    light[..., 0, 0] = -0.5
    with pytest.warns(data.ResizedNotice):
        small = data.ImageSet("light", light).fitted((1, 2, 2))
    assert 0 < small.pixels.min() < 0.5  # the dark corner is averaged; read as 0…1 it would be negative


@pytest.mark.parametrize(
    ("pixels", "image_shape", "said"),
    [
        (bytes_of(2, 3, 48, 64), (3, 32, 32), r"3×48×64, .*3×32×32: crop .* squares .*\[..., :48, :48\]"),
        (bytes_of(2, 3, 49, 64), (3, 20, 28), r"ratio of 5 to 7 .*\[..., :45, :63\]"),
        (
            bytes_of(2, 1, 32, 32),
            (3, 32, 32),
            r"1×32×32, .*3×32×32; build it with channels=1, or bring pictures with 3",
        ),
        (torch.rand(5, 2), (1, 28, 28), "shape 2, .* 1×28×28; points and pictures"),
        (bytes_of(2, 1, 28, 28), (2,), "shape 1×28×28, .* draws 2; points and pictures"),
    ],
)
def test_nothing_is_cropped_or_squashed_silently(pixels, image_shape, said):
    with pytest.raises(BadInput, match=said):
        data.ImageSet("mine", pixels).fitted(image_shape)
    if len(image_shape) == 3 and pixels.shape[2:] == (48, 64):
        with pytest.raises(BadInput, match="crop"):
            data.ImageSet("mine", pixels).resized(32)
