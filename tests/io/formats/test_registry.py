import weakref
from contextlib import contextmanager

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.registry import (
    DEFAULTS,
    FORMATS,
    format_named,
    select_output_format,
)
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from tests.io.formats.scenes import COLOURS, NAMES, moving_squares, video_labels

READABLE = [each.name for each in FORMATS if each.read is not None]
SIXTEEN_BITS = [name for name in READABLE if name not in ("png", "youtube-vos")]


def require_packages(name):
    """Skip a test if the optional package of a format is not installed."""
    versions = {"ome-zarr": "2.16", "ome-zarr-0.5": "3"}
    if name in versions:
        pytest.importorskip("zarr", versions[name])
    if name == "parquet":
        pytest.importorskip("pyarrow")


def path_for(name, folder):
    suffixes = format_named(name).suffixes
    return folder / f"clip{suffixes[0] if suffixes else ''}"


@pytest.mark.parametrize("name", READABLE)
def test_objects_keep_label_name_and_colour(tmp_path, name):
    require_packages(name)
    path = path_for(name, tmp_path)
    assert export_labels(video_labels(), path, name) == 6
    read = import_labels(path)
    np.testing.assert_array_equal(np.stack([*read.frames]), moving_squares())
    assert (read.names, read.colours) == (NAMES, COLOURS)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


STRANGE_NAMES = {
    1: "",
    2: "a/b\\c\n\t<b>&amp;'\"]]>",
    3: "x" * 300,
    4: "../\u65e5\u672c",
    5: "../\u65e5\u672c",
    6: "caf\udce9",  # a byte of a file name that is not UTF-8
    7: "\x00\x1b",
}


@pytest.mark.parametrize("name", READABLE)
def test_strange_names_are_kept(tmp_path, name):
    require_packages(name)
    labels = np.zeros((2, 16, 20), np.uint8)
    for label in STRANGE_NAMES:
        labels[:, 2 * label] = label
    path = path_for(name, tmp_path)
    video_name = '../caf\udce9 &amp; "b" <c>\x07'
    video_labels = VideoLabels(labels, STRANGE_NAMES, video_name=video_name)
    export_labels(video_labels, path, name)
    read = import_labels(path, name)
    np.testing.assert_array_equal(np.stack([*read.frames]), labels)
    expected = STRANGE_NAMES | {6: "caf\ufffd"}
    if name.startswith("cvat"):  # XML has no control characters
        expected[7] = "\ufffd\ufffd"
    assert {label: read.name_of(label) for label in expected} == expected
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", SIXTEEN_BITS)
def test_labels_of_sixteen_bits_are_kept(tmp_path, name):
    require_packages(name)
    labels = moving_squares(dtype=np.int32, last=40_000)
    path = path_for(name, tmp_path)
    export_labels(labels, path, name)
    np.testing.assert_array_equal(np.stack([*import_labels(path).frames]), labels)


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_frames_are_read_once_and_not_kept(tmp_path, name):
    require_packages(name)
    labels, read = moving_squares(40), []

    class Frames:
        size = labels.size

        def __len__(self):
            return len(labels)

        def __iter__(self):
            for frame in labels:
                alive = sum(reference() is not None for reference in read)
                assert alive < 4, "frames are kept in memory"
                copy = frame.copy()
                read.append(weakref.ref(copy))
                yield copy

    shape = (*labels.shape[1:], 3)
    source = VideoLabels(Frames(), image=lambda t: np.full(shape, t, np.uint8))
    assert export_labels(source, path_for(name, tmp_path), name) == len(read) == 40


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_failed_export_keeps_the_existing_output(tmp_path, name):
    if name == "png":
        pytest.skip("masks are replaced one by one")
    require_packages(name)
    labels = moving_squares()
    path = path_for(name, tmp_path)
    images = {"image": lambda t: np.zeros((24, 30, 3), np.uint8)}
    export_labels(VideoLabels(labels, **images), path, name)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="frame 1 has shape"):
        export_labels(VideoLabels([labels[0], labels[0, :9]], **images), path, name)
    assert contents(tmp_path) == before
    with pytest.raises(ReadError, match="already"):
        export_labels(labels, path, name, overwrite=False)


@contextmanager
def full_disk():
    """Let no file of this process grow above 100 bytes, not even its output."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_full_disk_is_an_expected_error(tmp_path, name):
    require_packages(name)
    noise = np.random.default_rng(0).integers(0, 9, (3, 100, 200), np.uint8)
    image = np.zeros((100, 200, 3), np.uint8)
    labels, path = VideoLabels(noise, image=lambda _: image), path_for(name, tmp_path)
    with pytest.raises(ReadError, match="free"), full_disk():
        export_labels(labels, path, name)
    assert not contents(tmp_path)
    assert not [*tmp_path.rglob("*.part")]


def contents(folder):
    return {
        file.relative_to(folder): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_every_suffix_has_one_default_format():
    suffixes = {suffix for each in FORMATS for suffix in each.suffixes}
    defaults = [s for name in DEFAULTS for s in format_named(name).suffixes]
    assert {*defaults} == suffixes
    assert len(defaults) == len({*defaults})
    assert len({each.name for each in FORMATS}) == len(FORMATS)


def test_suffix_and_format_must_agree(tmp_path):
    with pytest.raises(SettingsError, match=r"Expected \.xml for the format"):
        export_labels(video_labels(), tmp_path / "a.json", "cvat-video")
    with pytest.raises(SettingsError, match="no suffix, for a folder"):
        export_labels(video_labels(), tmp_path / "a.json", "ctc")
    with pytest.raises(SettingsError, match="Expected a format among tiff"):
        export_labels(video_labels(), tmp_path / "a.json", "pickle")


def test_formats_without_masks_are_not_imported(tmp_path):
    export_labels(video_labels(), tmp_path / "a.csv")
    with pytest.raises(SettingsError, match="selects no supported format"):
        import_labels(tmp_path / "a.csv")
    with pytest.raises(SettingsError, match="contains no masks"):
        import_labels(tmp_path / "a.csv", "csv")
    with pytest.raises(ReadError, match="there is no"):
        import_labels(tmp_path / "missing.json")


@pytest.mark.parametrize("name", [n for n in READABLE if format_named(n).is_file])
def test_damaged_files_are_refused(tmp_path, name):
    path = path_for(name, tmp_path)
    path.write_bytes(b"\x00damaged")
    with pytest.raises(ReadError):
        import_labels(path, name)
    export_labels(video_labels(), path, name)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ReadError):
        np.stack([*import_labels(path, name).frames])


def test_zarr_suffix_selects_ome_zarr_by_its_full_form_only(tmp_path):
    assert select_output_format(tmp_path / "a.ome.zarr").name == "ome-zarr"
    assert select_output_format(tmp_path / "a.zarr", "ome-zarr").name == "ome-zarr"
    with pytest.raises(SettingsError, match=r"'\.zarr' of .*\.ome\.zarr"):
        select_output_format(tmp_path / "a.zarr")
