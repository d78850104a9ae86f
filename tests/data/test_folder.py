"""Somebody's own pictures: what is made of each, what is left out, what is kept, and what is said."""

import os
import resource
import shutil
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lib import data
from gan_lib.data import images as images_module
from gan_lib.data import kept, reader, readers
from gan_lib.data.folder import what_changed
from gan_lib.errors import BadData, BadInput
from tests.data import trouble
from tests.data.trouble import FILES, FOLDERS, HIDDEN, PICTURE, SIDE

folder_module = sys.modules["gan_lib.data.folder"]  # its name in gan_lib.data is the function's
WHITE = (255, 255, 255)
WHOLE = ("", trouble.READ, trouble.OTHER, trouble.FOLLOWED, HIDDEN)  # what becomes of a file, in one word


@pytest.fixture
def place():
    """A folder with a cache of its own."""
    with trouble.place() as root:
        yield root


@pytest.fixture
def pictures(place):
    """Twenty noisy pictures in two subfolders, written some time ago."""
    for i in range(20):
        write(place / "mine" / "ab"[i % 2] / f"{i:02}.png", seed=i)
    return place / "mine"


def write(path: Path, seed: int, age: float = 10.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(256, size=(12, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    then = time.time() - age
    os.utime(path, (then, then))


def read(path, side=8, **options):
    return data.folder(path, side, show_progress=False, **options)


def kept_files(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "cache" / "gan_lib" / "folders").glob("*/*"))


# ------------------------------------------------------------------------------------------------ each kind of file


def test_every_kind_of_trouble_becomes_what_the_table_says(place):
    path = trouble.build(place, 400)
    with trouble.unprivileged(), warnings.catch_warnings():
        warnings.simplefilter("error")  # not even Pillow's about large pictures
        images = read(path, SIDE)
    row_of = {name: i for i, name in enumerate(images.origin.listing.rows)}
    complaints = []
    for each in FILES:
        became = trouble.what_became(images, each.name)
        is_whole = each.becomes in WHOLE
        if became != each.becomes.removeprefix(HIDDEN) if is_whole else each.becomes not in became:
            complaints.append(f"{each.name}: {became!r}")
        if became == trouble.READ and each.looks is not None:
            expected = each.looks.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            found = images.pixels[row_of[each.name]].permute(1, 2, 0).numpy()  # (H, W, C)
            if (error := np.abs(found - np.asarray(expected, dtype=float)).mean()) > 3:
                complaints.append(f"{each.name} looks otherwise, by {error:.1f} grey levels")
    assert not complaints
    report = images.report
    assert "links/folder/x.png" in row_of and sum(name.startswith("tiny/") for name in row_of) == 400
    assert (report.hidden, report.nowhere) == (3, 4) and sum(report.others.values()) == 9
    assert set(report.unreadable) == {
        "closed/folder/" if each.name == "closed/folder" else each.name for each in FILES if each.becomes not in WHOLE
    }
    for what in ("Permission denied", ".heic 1", "3 hidden", "4 links", "and were enlarged"):
        assert what in str(report)


@pytest.mark.parametrize("what", FOLDERS)
def test_a_folder_that_cannot_be_taken_is_refused_in_one_sentence(what, place):
    make, arguments, said = FOLDERS[what]
    path = make(place)
    with trouble.unprivileged(), pytest.raises(BadInput) as refusal:
        data.folder(path, **arguments, show_progress=False)
    text = str(refusal.value)
    assert said in text and len(text.splitlines()) == 1 and text.endswith(".")
    if path.is_dir():
        path.chmod(0o700)
    assert (
        not kept_files(place) or "labels" in arguments
    )  # pictures without classes are read, and good for another call


def read_bytes(path: Path, side: int = 8, channels: int = 3, fit: str = "crop", ground: tuple = WHITE):
    found = reader.read(str(path), side, channels, fit, ground)
    assert not found["why"]
    return np.frombuffer(found["pixels"], np.uint8).reshape(channels, side, side).astype(float)


@pytest.mark.parametrize("size", [(8, 8), (23, 8), (8, 23), (301, 200), (3, 2)])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_turned_picture_has_the_bits_of_its_upright_twin(size, fit, tmp_path):
    noise = np.random.default_rng(0).integers(256, size=(*size, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "upright.png")
    upright = read_bytes(tmp_path / "upright.png", fit=fit)
    for orientation, undone in trouble.TURNS.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        turned = Image.fromarray(noise).transpose(Image.Transpose(undone))
        turned.save(tmp_path / "turned.png", exif=exif)
        found = reader.read(str(tmp_path / "turned.png"), 8, 3, fit, WHITE)
        assert (found["width"], found["height"]) == size[::-1]
        assert (read_bytes(tmp_path / "turned.png", fit=fit) == upright).all()


def test_crop_takes_the_middle_and_pad_keeps_all_over_the_ground(tmp_path):
    wide = Image.new("RGB", (40, 20), "red")
    wide.paste("blue", (10, 0, 30, 20))
    wide.save(tmp_path / "wide.png")
    assert (read_bytes(tmp_path / "wide.png")[..., 1:-1] == np.array([0, 0, 255])[:, None, None]).all()
    padded = read_bytes(tmp_path / "wide.png", fit="pad", ground=(1, 2, 3))
    assert (padded[:, [0, 1, 6, 7]] == np.array([1, 2, 3])[:, None, None]).all()
    assert (padded[:, 2:6, 0] == [[255] * 4, [0] * 4, [0] * 4]).all() and padded[2, 4, 4] == 255


def test_what_shrinks_has_no_aliasing(tmp_path):
    board = np.indices((256, 256)).sum(0) % 2 * 255  # a chessboard of single pixels: from afar it is grey
    Image.fromarray(board.astype(np.uint8)).save(tmp_path / "board.png")
    assert np.abs(read_bytes(tmp_path / "board.png") - 127.5).max() <= 2


def test_transparency_is_that_of_the_exact_sum(tmp_path):
    rng = np.random.default_rng(0)
    rgba = rng.integers(256, size=(32, 32, 4), dtype=np.uint8)
    Image.fromarray(rgba).save(tmp_path / "x.png")
    share, ground = rgba[..., 3:].astype(float) / 255, np.array([200, 100, 50])
    exact = share * rgba[..., :3] + (1 - share) * ground  # (32, 32, 3)
    found = read_bytes(tmp_path / "x.png", 32, ground=tuple(ground.tolist())).transpose(1, 2, 0)
    assert np.abs(found - exact).max() <= 1
    Image.fromarray(exact.round().astype(np.uint8)).save(tmp_path / "composed.png")
    for side in (16, 48):  # what is clear does not bleed into what shrinks or grows
        found = read_bytes(tmp_path / "x.png", side, ground=tuple(ground.tolist()))
        assert np.abs(found - read_bytes(tmp_path / "composed.png", side)).mean() < 2


def test_sixteen_bits_become_the_nearest_grey_level(tmp_path):
    values = np.arange(0, 65_536, 256, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(values).save(tmp_path / "x.png")
    found = read_bytes(tmp_path / "x.png", 16, channels=1)[0]
    assert np.abs(found - values / 257).max() <= 0.51


def test_a_file_that_grows_while_it_is_read_is_left_out(tmp_path, monkeypatch):
    PICTURE.save(tmp_path / "x.png")
    (tmp_path / "longer.png").write_bytes((tmp_path / "x.png").read_bytes() + b"more")
    asked = []

    def grown(number):
        asked.append(number)
        return os.stat(tmp_path / ("x.png" if len(asked) == 1 else "longer.png"))

    monkeypatch.setattr(reader.os, "fstat", grown)
    assert reader.read(str(tmp_path / "x.png"), 8, 3, "crop", WHITE)["why"] == "was written to while it was read"


# ---------------------------------------------------------------------------------------------- processes that read


def some_files(folder: Path, n: int) -> list[str]:
    for i in range(n):
        write(folder / f"{i:03}.png", seed=i)
    return sorted(map(str, folder.iterdir()))


def test_processes_threads_and_this_process_read_the_same(tmp_path, monkeypatch):
    paths, wanted = some_files(tmp_path, 80), (8, 3, "crop", WHITE)
    here = [reader.read(path, *wanted) for path in paths]
    assert list(readers.read_all(paths, wanted, 3)) == here
    monkeypatch.setattr(readers.sys, "executable", str(tmp_path / "no python"))
    assert list(readers.read_all(paths, wanted, 3)) == here


def test_a_file_that_ends_its_process_is_left_out_alone(tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text(
        f"import importlib.util, os, sys\n"
        f"spec = importlib.util.spec_from_file_location('r', {reader.__file__!r})\n"
        "r = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(r)\n"
        "read = r.read\n"
        "r.read = lambda path, *wanted: os._exit(1) if '020' in path else read(path, *wanted)\n"
        "r.main()\n"
    )
    paths = some_files(tmp_path / "pictures", 80)
    monkeypatch.setattr(reader, "__file__", str(program))
    found = list(readers.read_all(paths, (8, 3, "crop", WHITE), 2))
    assert [each["why"] for each in found] == [""] * 20 + ["ended the process that read it"] + [""] * 59


def test_who_stops_early_leaves_no_process_behind(tmp_path):
    started = []

    class Noted(subprocess.Popen):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self)

    paths, before = some_files(tmp_path, 100), subprocess.Popen
    readers.subprocess.Popen = Noted
    try:
        results = readers.read_all(paths, (8, 3, "crop", WHITE), 2)
        next(results)
        results.close()
    finally:
        readers.subprocess.Popen = before
    assert started and all(process.returncode is not None for process in started)


def test_a_script_without_a_main_guard_reads_a_folder(pictures):
    for i in range(60):
        write(pictures / "c" / f"{i}.png", seed=100 + i)
    code = f"from gan_lib import data; print(len(data.folder({str(pictures)!r}, 8, show_progress=False).pixels))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "80\n"


# ------------------------------------------------------------------------------------------------------- the cache


@contextmanager
def counted(monkeypatch):
    """The files that are opened inside the `with`."""
    opened, real = [], readers.read_all

    def noted(paths, *options):
        opened.extend(Path(path).name for path in paths)
        return real(paths, *options)

    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "read_all", noted)
        yield opened


def test_a_folder_is_read_once_and_then_only_what_is_new(pictures, place, monkeypatch):
    with counted(monkeypatch) as opened:
        first = read(pictures)
        assert len(opened) == 20 and len(kept_files(place)) == 2
    with counted(monkeypatch) as opened:
        again = read(pictures)
        assert not opened and torch.equal(again.pixels, first.pixels) and again.fingerprint() == first.fingerprint()
        assert read(pictures, labels="folders").classes == ("a", "b") and not opened
    write(pictures / "a" / "04.png", seed=77)  # another content
    write(pictures / "b" / "new.png", seed=78)
    (pictures / "a" / "00.png").unlink()
    with counted(monkeypatch) as opened:
        changed = read(pictures)
        assert sorted(opened) == ["04.png", "new.png"] and len(changed.pixels) == 20
    whole = data.ImageSet("mine", changed.pixels)
    names = sorted(str(path.relative_to(pictures)) for path in pictures.rglob("*.png"))
    fresh = torch.stack([torch.from_numpy(read_bytes(pictures / name)).byte() for name in names])
    assert torch.equal(changed.pixels, fresh) and whole.fingerprint() == changed.fingerprint()
    assert [name.endswith(".pixels") for name in kept_files(place)].count(True) == 1  # those of before are gone
    assert what_changed(changed, first.fingerprint()) == (
        "1 picture is new (b/new.png), 1 picture is gone (a/00.png), 1 picture has another content (a/04.png)"
    )
    assert not what_changed(changed, "0" * 16) and not what_changed(whole, first.fingerprint())


def test_what_changed_is_also_known_of_a_part_and_of_other_arguments(pictures):
    rest, held = read(pictures, labels="folders").split(4, 3)
    write(pictures / "a" / "new.png", seed=78)
    now, now_held = read(pictures, labels="folders").split(4, 3)
    assert (
        what_changed(now, rest.fingerprint())
        == "1 picture is new (a/new.png)"
        == what_changed(now_held, held.fingerprint())
    )
    fewer, _ = read(pictures, labels="folders").split(3, 3)
    assert what_changed(fewer, rest.fingerprint()) == "1 picture is new (a/new.png)"  # how many may follow from it
    assert not what_changed(now, held.fingerprint())  # nobody asked for that
    before = read(pictures).fingerprint()
    assert what_changed(read(pictures, channels=1), before) == "channels is 1 and was 3"


def test_what_changed_is_told_of_this_folder_and_not_of_a_copy_with_other_names(pictures, tmp_path):
    before = read(pictures).fingerprint()
    shutil.copytree(pictures, tmp_path / "deeper" / "copy")
    assert read(tmp_path / "deeper").fingerprint() == before  # the same pictures in the same order
    write(pictures / "a" / "new.png", seed=78)
    assert what_changed(read(pictures), before) == "1 picture is new (a/new.png)"


def test_a_file_changed_in_the_moment_it_was_read_is_read_again(pictures, monkeypatch):
    path = pictures / "a" / "00.png"
    write(path, seed=50, age=-100)  # so that a slow machine cannot be late
    first, about = read(pictures), path.stat()
    content = bytearray(path.read_bytes())
    write(path, seed=51)
    other = path.read_bytes().ljust(len(content), b"\0")[: len(content)]  # as long, and with the same time
    path.write_bytes(other)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert path.stat().st_size == about.st_size and path.stat().st_mtime_ns == about.st_mtime_ns
    with counted(monkeypatch) as opened:
        assert read(pictures).fingerprint() != first.fingerprint() and opened == ["00.png"]


def test_the_fingerprints_are_those_of_the_same_pictures_in_memory(pictures):
    plain, with_classes = read(pictures), read(pictures, labels="folders")
    assert plain.fingerprint() == data.ImageSet("x", plain.pixels).fingerprint()
    assert with_classes.fingerprint() == data.ImageSet("x", plain.pixels, [0] * 10 + [1] * 10).fingerprint()
    assert plain.name == "mine" and plain.classes == ("all",) and with_classes.labels.tolist() == [0] * 10 + [1] * 10


def test_a_damaged_cache_is_read_anew(pictures, place):
    first = read(pictures).fingerprint()
    for path in (place / "cache").rglob("*.pixels"):
        path.write_bytes(path.read_bytes()[:-5])
    assert read(pictures).fingerprint() == first
    for path in (place / "cache").rglob("*.json"):
        path.write_text("{")
    assert read(pictures).fingerprint() == first


def test_where_the_cache_cannot_be_written_the_pictures_are_in_memory_and_it_is_said(pictures, place):
    expected = read(pictures)
    for path in (place / "cache" / "gan_lib", place / "cache" / "gan_lib" / "folders"):
        path.chmod(0o555)
    with trouble.unprivileged(), pytest.warns(data.NotKeptNotice, match=r"cannot be written \(Permission denied\)"):
        images = read(pictures, side=8, ground="red")  # another cache
    assert torch.equal(images.pixels, expected.pixels) and images.fingerprint() == expected.fingerprint()
    assert "Permission denied" in str(images.report) and not images.is_on_disk


@contextmanager
def largest_file(size: int):
    """Inside the `with` no file may become larger: the system's own refusal in the middle of writing."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 500, 1_000])  # of 960 bytes of pixels, and three times as many of names
def test_a_disk_that_fills_up_on_the_way_loses_nothing(room, pictures, place):
    with largest_file(room), pytest.warns(data.NotKeptNotice, match="cannot be written"):
        images = read(pictures, 4)
    assert not kept_files(place)
    assert images.fingerprint() == read(pictures, 4).fingerprint()


def test_a_disk_without_room_is_not_begun_on_and_without_memory_it_is_refused(pictures, place, monkeypatch):
    monkeypatch.setattr(kept.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 99}))
    with pytest.warns(data.NotKeptNotice, match="No space left"):
        read(pictures)
    monkeypatch.setattr(kept, "memory_left", lambda: 99)
    with pytest.raises(BadData, match=r"neither the cache .* nor the memory has room"):
        read(pictures)
    assert not kept_files(place)


# ------------------------------------------------------------------------------------------------ on disk and split


@pytest.fixture
def on_disk(pictures, monkeypatch):
    """The same set in memory and on disk."""
    in_memory = read(pictures, labels="folders")
    monkeypatch.setattr(folder_module, "SHARE", 0)
    return in_memory, read(pictures, labels="folders")


def test_a_large_set_stays_on_disk_with_the_same_bits(on_disk):
    memory, disk = on_disk
    assert disk.is_on_disk and not memory.is_on_disk and torch.equal(memory.pixels, disk.pixels)
    assert disk.fingerprint() == memory.fingerprint() and "on disk" in str(disk) and "on disk" in str(disk.report)
    with pytest.raises(BadInput, match=r"stays on disk as 3×8×8.*side=16"):
        disk.resized(16)
    assert disk.resized(8) is disk


def test_a_split_is_the_same_in_memory_and_on_disk_and_copies_no_more_than_it_must(on_disk):
    memory, disk = on_disk
    file = disk.origin.file.read_bytes()
    for n in (1, 7, 19):
        for mine, theirs in zip(memory.split(n, 5), disk.split(n, 5), strict=True):
            assert torch.equal(mine.pixels, theirs.pixels) and torch.equal(mine.labels, theirs.labels)
            assert mine.fingerprint() == theirs.fingerprint() and mine.classes == ("a", "b")
    rest, held = disk.split(7, 5)
    assert rest.is_on_disk and not held.is_on_disk and (len(rest.pixels), len(held.pixels)) == (13, 7)
    twice, memory_twice = rest.split(3, 6)[0], memory.split(7, 5)[0].split(3, 6)[0]
    assert torch.equal(twice.pixels, memory_twice.pixels) and twice.fingerprint() == memory_twice.fingerprint()
    assert disk.origin.file.read_bytes() == file and torch.equal(disk.pixels, memory.pixels)
    stayed = (rest.pixels == disk.pixels[:13]).flatten(1).all(1)  # (13,)
    assert (~stayed).sum() <= 7


def test_a_split_shares_out_every_picture_once_and_its_seed_decides_it(images):
    rest, held = images.split(10, 1)
    rows = torch.cat([rest.pixels, held.pixels]).flatten(1).tolist()
    assert sorted(rows) == sorted(images.pixels.flatten(1).tolist())
    again, other = images.split(10, 1)[1], images.split(10, 2)[1]
    assert torch.equal(again.pixels, held.pixels) and not torch.equal(other.pixels, held.pixels)
    prints = {part.fingerprint() for part in (images, rest, held, other, images.split(9, 1)[1])}
    assert len(prints) == 5 and again.fingerprint() == held.fingerprint()
    lookup = {tuple(row): label for row, label in zip(images.pixels.flatten(1).tolist(), images.labels, strict=True)}
    for part in (rest, held):
        assert all(
            lookup[tuple(row)] == label for row, label in zip(part.pixels.flatten(1).tolist(), part.labels, strict=True)
        )
    for n, seed, said in ((0, 0, "from 1 to 63"), (64, 0, "from 1 to 63"), (1, -1, "seed is -1")):
        with pytest.raises(BadInput, match=said):
            images.split(n, seed)
    with pytest.raises(BadInput, match="holds one picture"):
        held.split(9)[0].split(1)


def test_the_device_of_a_set_is_its_pixels_own_unless_another_is_named():
    pixels = torch.randint(256, (4, 1, 2, 2), dtype=torch.uint8)
    assert data.ImageSet("x", pixels).device == torch.device("cpu")
    with pytest.raises(BadInput, match="device 'nowhere' cannot be used here"):
        data.ImageSet("x", pixels, device="nowhere")


# ------------------------------------------------------------------------------------------------------ the report


def test_the_report_says_what_one_should_know_before_a_training(pictures):
    write(pictures / "a" / "copy.png", seed=1)  # b/01.png again
    (pictures / "notes.txt").write_text("x")
    report = read(pictures, labels="folders").report
    assert report.shape == (21, 3, 8, 8) and report.sizes == {"8×12": 21} and report.kinds == {"PNG RGB": 21}
    assert report.classes == {"a": 11, "b": 10} and report.copies == 1 and report.others == {".txt": 1}
    assert report.cut == pytest.approx(1 / 3) and report.enlarged == 0 and report.sheet.shape == (3, 24, 64)
    text = str(report)
    for part in (
        "21 pictures, 8×8, colour",
        "a 11, b 10",
        "1 other file (.txt 1)",
        "33% of a picture",
        "too few to learn",
    ):
        assert part in text
    assert read(pictures, 16).report.enlarged == 21 and read(pictures, fit="pad").report.cut == 0


def test_a_folder_is_not_taken_for_data_that_our_judges_know(place):
    for name in ("mnist", "digits"):
        for i in range(3):
            write(place / name / f"{i}.png", seed=i)
        images = read(place / name)
        assert images.name == f"{name}-folder" and not images.is_fallback


def test_icons_of_nine_classes_beside_their_licence(place):
    """As sets of emoji come: transparent, a few of them grey or with a palette, and texts beside the folders."""
    root = place / "icons"
    for i in range(90):
        path, mode = root / f"class {i % 9}" / f"{i}.png", {7: "LA", 8: "P"}.get(i, "RGBA")
        path.parent.mkdir(parents=True, exist_ok=True)
        icon = Image.new("RGBA", (64, 64))
        icon.paste((i, 0, 0, 255), (16, 16, 48, 48))
        icon.convert(mode).save(path)
    for name in ("LICENSE", "README.md"):
        (root / name).write_text("texts")
    images = read(root, 16, labels="folders")
    assert len(images.pixels) == 90 == sum(images.report.classes.values()) and len(images.classes) == 9
    assert images.report.kinds == {"PNG RGBA": 88, "PNG LA": 1, "PNG P": 1}
    assert images.report.others == {"without an ending": 1, ".md": 1} and not images.report.unreadable
    row = images.origin.listing.rows.index("class 5/86.png")
    assert images.pixels[row, :, 0, 0].tolist() == [255] * 3 and images.pixels[row, :, 8, 8].tolist() == [86, 0, 0]


def test_the_names_of_a_split_lead_back_from_any_fingerprint():
    found = images_module.Origin("0" * 16).part("1 held out, seed 0: those").part("2 held out, seed 0: the rest")
    assert found.splits == ("1 held out, seed 0: those", "2 held out, seed 0: the rest")
    assert found.fingerprint == images_module.split_fingerprint(
        images_module.split_fingerprint("0" * 16, found.splits[0]), found.splits[1]
    )
