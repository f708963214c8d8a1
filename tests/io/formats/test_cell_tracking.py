import struct

import numpy as np
import pytest
import tifffile

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.formats import cell_tracking
from napari_gnn_vos.io.formats.cell_tracking import Track, read_tracks
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from tests.io.formats.scenes import COLOURS, NAMES, moving_squares, video_labels

labels = moving_squares()


def test_masks_and_tracks_follow_the_conventions_of_the_challenge(tmp_path):
    folder = tmp_path / "01_RES"
    assert cell_tracking.write(video_labels(), folder) == 6
    masks = sorted(folder.glob("mask*.tif"))
    assert [file.name for file in masks] == [f"mask{t:03d}.tif" for t in range(6)]
    stack = np.stack([tifffile.imread(file) for file in masks])
    assert stack.dtype == np.uint16
    tracks = {row.label: row for row in read_tracks(folder)}
    assert (folder / "res_track.txt").read_text().splitlines()[0] == "1 0 5 0"
    for label in np.unique(stack[stack > 0]):
        row = tracks.pop(label)
        visible = np.flatnonzero((stack == label).any(axis=(1, 2)))
        assert [*range(row.begin, row.end + 1)] == visible.tolist()
        assert row.parent == 0 or row.parent == 2
    assert not tracks


def test_folder_is_valid_by_the_library_of_the_challenge(tmp_path):
    validate = pytest.importorskip("ctc_metrics.scripts.validate")
    folder = tmp_path / "01_RES"
    cell_tracking.write(video_labels(), folder)
    assert validate.validate_sequence(str(folder)) == {"Valid": 1}


def test_object_that_reappears_is_a_track_with_a_parent(tmp_path):
    cell_tracking.write(video_labels(), tmp_path)
    assert read_tracks(tmp_path) == [
        Track(1, 0, 5, 0),
        Track(2, 1, 1, 0),
        Track(7, 2, 5, 0),
        Track(65535, 4, 4, 2),
    ]


def test_objects_keep_label_name_and_colour(tmp_path):
    cell_tracking.write(video_labels(), tmp_path)
    read = cell_tracking.read(tmp_path)
    np.testing.assert_array_equal(np.stack([*read.frames]), labels)
    assert (read.names, read.colours) == (NAMES, COLOURS)


def test_labels_of_sixteen_bits_are_kept(tmp_path):
    wide = moving_squares(dtype=np.int32, last=40_000)
    cell_tracking.write(VideoLabels(wide), tmp_path)
    np.testing.assert_array_equal(cell_tracking.read(tmp_path).frames[:], wide)


def test_more_than_a_thousand_frames_have_four_digits(tmp_path):
    frames = (np.ones((4, 5), np.uint8) for _ in range(1001))
    cell_tracking.write(VideoLabels(frames), tmp_path)
    names = sorted(file.name for file in tmp_path.glob("mask*"))
    assert (names[0], names[-1], len(names)) == ("mask0000.tif", "mask1000.tif", 1001)


def test_daughters_of_a_division_keep_their_labels(tmp_path):
    for t, row in enumerate([[1, 1, 0], [2, 0, 3]]):
        file = tmp_path / f"man_track{t:03d}.tif"
        tifffile.imwrite(file, np.array([row], np.uint16))
    (tmp_path / "man_track.txt").write_text("1 0 0 0\n2 1 1 1\n3 1 1 1\n")
    read = cell_tracking.read(tmp_path)
    assert read.frames[:].tolist() == [[[1, 1, 0]], [[2, 0, 3]]]


def test_shorter_export_replaces_all_masks(tmp_path):
    cell_tracking.write(video_labels(), tmp_path)
    (tmp_path / "notes.txt").touch()
    cell_tracking.write(VideoLabels(labels[:2]), tmp_path)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["mask000.tif", "mask001.tif", "notes.txt", "res_track.txt"]


def test_failed_export_leaves_no_files(tmp_path):
    with pytest.raises(ValueError, match="frame 1 has shape"):
        cell_tracking.write(VideoLabels([labels[0], labels[0, :9]]), tmp_path / "new")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("1 0", "label, begin, end"),
        ("1 4 0 0", "begin <= end"),
        ("1 0 1 70000", "parents"),
        (None, "Expected res"),
    ],
)
def test_damaged_tables_are_refused(tmp_path, table, message):
    cell_tracking.write(video_labels(), tmp_path)
    (tmp_path / "res_track.txt").unlink()
    if table is not None:
        (tmp_path / "res_track.txt").write_text(table)
    with pytest.raises(ReadError, match=message):
        cell_tracking.read(tmp_path)


def test_signed_masks_are_read(tmp_path):
    cell_tracking.write(video_labels(), tmp_path)
    signed = labels[0].astype(np.int32)
    tifffile.imwrite(tmp_path / "mask000.tif", signed)
    np.testing.assert_array_equal(cell_tracking.read(tmp_path).frames[0], signed)
    for wrong, message in ((signed - 1, "has -1 to"), (signed * 1.0, "integer labels")):
        tifffile.imwrite(tmp_path / "mask000.tif", wrong)
        with pytest.raises(ReadError, match=message):
            cell_tracking.read(tmp_path)


@pytest.mark.timeout(30)
def test_masks_of_many_pages_are_refused(tmp_path):
    cell_tracking.write(video_labels(), tmp_path)
    tifffile.imwrite(tmp_path / "mask001.tif", labels[:2], photometric="minisblack")
    with pytest.raises(ReadError, match="3D data"):
        cell_tracking.read(tmp_path).frames[1]
    # a chain of many empty pages
    tifffile.imwrite(tmp_path / "mask001.tif", labels[0], metadata=None)
    content = bytearray((tmp_path / "mask001.tif").read_bytes())
    (first,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * count, len(content))
    chain = b"".join(
        struct.pack("<HI", 0, len(content) + 6 * (k + 1)) for k in range(500_000)
    )
    (tmp_path / "mask001.tif").write_bytes(content + chain)
    with pytest.raises(ReadError, match="3D data"):
        cell_tracking.read(tmp_path).frames[1]


def test_missing_mask_is_refused(tmp_path):
    cell_tracking.write(video_labels(), tmp_path)
    (tmp_path / "mask002.tif").unlink()
    with pytest.raises(ReadError, match="5 masks"):
        cell_tracking.read(tmp_path)


def test_table_with_byte_order_mark_is_read(tmp_path):
    cell_tracking.write(video_labels(), tmp_path / "out")
    table = tmp_path / "out" / "res_track.txt"
    lines = table.read_bytes().replace(b"\n", b"\r\n")
    table.write_bytes(b"\xef\xbb\xbf" + lines)
    assert cell_tracking.read(tmp_path / "out").frames.shape == labels.shape


def test_folder_of_references_is_read(tmp_path):
    cell_tracking.write(video_labels(), tmp_path / "01_GT" / "TRA")
    (tmp_path / "01_GT" / "SEG").mkdir()
    read = import_labels(tmp_path / "01_GT")
    np.testing.assert_array_equal(np.stack([*read.frames]), labels)
