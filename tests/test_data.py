"""Where the data comes from: a folder, the cache, the network, the fallback; and what is never trained on."""

import errno
import gzip
import hashlib
import os
import shutil
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
def no_folder(monkeypatch, tmp_path):
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
    official.mirrors = [f"http://127.0.0.1:{server.server_port}/"]
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
    assert found.classes[0] == "T-shirt/top" and len(found.classes) == 10


@pytest.fixture
def no_notice():
    with warnings.catch_warnings():
        warnings.simplefilter("error", data.FallbackNotice)
        yield


# ------------------------------------------------------------------------------------------ the good paths


@pytest.mark.parametrize(("split", "part"), [("train", "train"), ("test", "t10k")])
def test_the_data_is_what_the_files_hold(official, folder, no_notice, split, part):
    assert_is_official(data.load("fashion-mnist", split), official, part)


def test_a_data_set_says_what_it_is(folder):
    assert str(data.load("fashion-mnist")) == "fashion-mnist: 30 images, 1×28×28, torch.uint8 on cpu"


@pytest.mark.parametrize("mode", [0o755, 0o555])
def test_a_data_folder_is_never_written_to(official, folder, mode):
    for path in (folder, *folder.iterdir()):
        path.chmod(mode if path.is_dir() else 0o444)
    before, times = below(folder.parent), {f: f.stat().st_mtime_ns for f in (folder, folder.parent, *folder.iterdir())}
    assert_is_official(data.load("fashion-mnist"), official, "train")
    assert below(folder.parent) == before
    assert {f: f.stat().st_mtime_ns for f in times} == times
    folder.chmod(0o755)


def test_it_downloads_once_and_then_needs_no_network(official, mirror, no_folder, no_notice):
    _, close = mirror
    assert_is_official(data.load("fashion-mnist"), official, "train")
    close()
    official.mirrors = [NOWHERE]
    assert_is_official(data.load("fashion-mnist", "test"), official, "t10k")
    assert below(no_folder) == {f"gan_lib/Tiny/raw/{name}": content for name, content in official.files.items()}


def test_it_works_where_links_cannot_be_made(official, folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no right to make links")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    assert_is_official(data.load("fashion-mnist"), official, "train")


def test_the_data_of_this_machine_is_whole_or_says_that_it_is_the_fallback(monkeypatch):
    monkeypatch.setattr(data, "CONNECT_SECONDS", 2)
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always")
        found = data.load("fashion-mnist", "test")
    assert found.is_fallback == any(issubclass(notice.category, data.FallbackNotice) for notice in notices)
    if found.is_fallback:
        assert len(found.pixels) == 297
    else:  # the official test set: 1,000 of each class
        assert found.labels.bincount().tolist() == [1000] * 10
    assert found.pixels.shape == (len(found.labels), 1, 28, 28) and found.pixels.max() == 255


# ------------------------------------------------------------------------------------------ the fallback


def test_without_any_network_the_digits_stand_in_and_both_ways_out_are_named(official, no_folder):
    with pytest.warns(data.FallbackNotice, match=r"GAN_LIB_DATA.*run again with a network") as notices:
        train, test = data.load("fashion-mnist"), data.load("fashion-mnist", "test")
    assert len(notices) == 2 and notices[0].filename == __file__  # it points at the reader's own line
    assert train.is_fallback and train.name == "digits"
    assert train.pixels.shape == (1500, 1, 28, 28) and test.pixels.shape == (297, 1, 28, 28)
    assert train.pixels.dtype == torch.uint8 and train.pixels.max() == 255 and train.pixels.min() == 0
    assert train.labels.dtype == torch.int64 and set(train.labels.tolist()) == set(range(10))
    assert below(no_folder) == {}


# ------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_file_is_named(official, folder, name):
    (folder / name).write_bytes(official.files[name][:-7])
    with pytest.raises(BadData, match="damaged or not the official") as refused:
        data.load("fashion-mnist")
    assert str(folder / name) in str(refused.value)


def test_a_foreign_file_is_named_though_it_could_be_read(official, folder):
    (folder / NAMES[0]).write_bytes(idx(torch.zeros(30, 28, 28, dtype=torch.uint8)))
    with pytest.raises(BadData, match=f"{NAMES[0]} is damaged or not the official"):
        data.load("fashion-mnist")


def test_an_unpacked_file_beside_the_official_ones_is_not_trusted(official, folder):
    (folder / NAMES[0].removesuffix(".gz")).write_bytes(b"foreign")
    assert_is_official(data.load("fashion-mnist"), official, "train")


def test_a_missing_file_is_named_with_what_to_do(official, folder):
    (folder / NAMES[2]).unlink()
    with pytest.raises(BadData, match=f"{NAMES[2]} does not exist; put .* or unset GAN_LIB_DATA"):
        data.load("fashion-mnist")


def test_a_data_folder_that_is_not_there_is_not_replaced_by_the_fallback(official, monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_LIB_DATA", str(tmp_path / "nothing"))
    with pytest.raises(BadData, match="does not exist"):
        data.load("fashion-mnist")


def test_a_damaged_file_in_the_cache_is_named(official, mirror, no_folder):
    data.load("fashion-mnist")
    damaged = no_folder / "gan_lib" / "Tiny" / "raw" / NAMES[1]
    damaged.write_bytes(b"damaged")
    with pytest.raises(BadData, match=r"damaged or not the official.*delete it and get it anew") as refused:
        data.load("fashion-mnist")
    assert str(damaged) in str(refused.value)


def test_a_damaged_download_is_refused_and_not_kept(official, mirror, no_folder):
    site, _ = mirror
    (site / NAMES[3]).write_bytes(official.files[NAMES[3]][:-7])
    with pytest.raises(BadData, match="download of Tiny came back damaged"):
        data.load("fashion-mnist")
    assert below(no_folder) == {}


def test_a_cache_that_cannot_be_written_is_named_with_both_ways_out(official, no_folder):
    no_folder.write_text("a regular file")
    with pytest.raises(BadData, match=r"cannot be written .*XDG_CACHE_HOME.*GAN_LIB_DATA") as refused:
        data.load("fashion-mnist")
    assert str(no_folder) in str(refused.value)


def test_a_disk_that_fills_up_during_the_download_is_not_taken_for_a_missing_network(official, no_folder, monkeypatch):
    def fill_up(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(official, "download", fill_up)
    with pytest.raises(BadData, match=r"no room .*No space left on device.*XDG_CACHE_HOME"):
        data.load("fashion-mnist")
    assert below(no_folder) == {}


def test_a_temporary_folder_that_is_full_is_named(official, folder, monkeypatch):
    def fill_up(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(official, "download", fill_up)
    with pytest.raises(BadData, match=r"could not be unpacked into .*No space left on device.*TMPDIR"):
        data.load("fashion-mnist")


def test_nothing_is_left_in_the_temporary_folder(official, folder, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    data.load("fashion-mnist")
    assert os.listdir(scratch) == []
    shutil.rmtree(scratch)
    with pytest.raises(BadData, match="could not be unpacked"):
        data.load("fashion-mnist")


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


def test_pictures_are_resized_once_and_stay_bytes(images):
    large = images.resized(32)
    assert large.pixels.shape == (64, 1, 32, 32) and large.pixels.dtype == torch.uint8
    expected = torch.nn.functional.interpolate(images.pixels.double(), size=(32, 32), mode="bilinear")
    assert (large.pixels - expected).abs().max() <= 0.5 + 1e-3
    assert images.resized(28) is images and torch.equal(large.labels, images.labels)


def test_numbers_in_the_networks_range_are_not_resized_into_bytes(images):
    floats = data.ImageSet("floats", data.to_range(images.pixels), images.labels, images.classes)
    assert floats.resized(28) is floats
    with pytest.raises(BadInput, match=r"the pictures are torch.float32; only uint8 ones are resized"):
        floats.resized(32)
