"""Sizes that a small file declares are checked before memory is allocated."""

import json
import struct
import tracemalloc
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_gnn_vos.errors import GnnVosError, ReadError
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.graph_store import GraphStore
from napari_gnn_vos.io.project.manifest import MAX_PART_BYTES
from napari_gnn_vos.io.project.parts import read_part
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.io.readers.tiff_directories import read_directories

SIDE = 40_000
LIMIT = 200 * 2**20


def png(path):
    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def folder_of_png(path):
    path.mkdir()
    for t in range(2):
        png(path / f"{t}.png")


def tiff(path):
    tifffile.imwrite(path, np.zeros((2, 16, 16), np.uint8), photometric="minisblack")
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        tags = [page.tags[name] for page in file.pages for name in (256, 257)]
    for tag in tags:
        content[tag.offset + 2 : tag.offset + 4] = struct.pack("<H", 4)
        content[tag.offset + 8 : tag.offset + 12] = struct.pack("<I", SIDE)
    path.write_bytes(bytes(content))


def folder_of_tracks(path):
    path.mkdir()
    for t in range(2):
        mask = path / f"mask{t:03d}.tif"
        tiff(mask)
        with tifffile.TiffFile(mask) as file:
            second = file.pages[1].offset.to_bytes(4, "little")
        mask.write_bytes(mask.read_bytes().replace(second, bytes(4), 1))  # no page 1
    (path / "res_track.txt").write_text("1 0 1 0\n")


def zarr_array(path):
    zarr = pytest.importorskip("zarr")
    shape = 2, SIDE, SIDE
    zarr.open_array(str(path), mode="w", shape=shape, chunks=shape, dtype="u1")


@pytest.mark.parametrize(
    ("name", "write"),
    [("frames", folder_of_png), ("clip.tif", tiff), ("clip.zarr", zarr_array)],
)
def test_video_with_frames_of_a_billion_pixels_is_refused(tmp_path, name, write):
    write(tmp_path / name)
    refused(lambda: read_video(tmp_path / name).rgb(0))


def label_studio(path):
    region = {
        "type": "brushlabels",
        "original_width": SIDE,
        "original_height": SIDE,
        "value": {"rle": [0, 0, 0, 1, 2, 3], "brushlabels": ["cat"]},
    }
    task = {"data": {}, "annotations": [{"result": [region]}]}
    path.write_text(json.dumps([task] * 2))


def coco(path):
    size = {"height": SIDE, "width": SIDE}
    rle = {"size": [SIDE, SIDE], "counts": [5, SIDE * SIDE - 5]}
    annotation = {
        "id": 1,
        "video_id": 1,
        "category_id": 1,
        "segmentations": [rle, None],
        "areas": [5, None],
        "bboxes": [[0, 0, 1, 5], None],
        "iscrowd": 0,
    } | size
    video = {"id": 1, "length": 2, "file_names": ["a", "b"]} | size
    category = {"id": 1, "name": "cat"}
    content = {
        "videos": [video],
        "annotations": [annotation],
        "categories": [category],
    }
    path.write_text(json.dumps(content))


def cvat(path):
    mask = (
        f'<mask label="cat" rle="5, {SIDE * SIDE - 5}" left="0" top="0" '
        f'width="{SIDE}" height="{SIDE}"/>'
    )
    images = "".join(
        f'<image id="{t}" name="{t}.jpg" width="{SIDE}" height="{SIDE}">{mask}</image>'
        for t in range(2)
    )
    path.write_text(f"<annotations><version>1.1</version>{images}</annotations>")


@pytest.mark.parametrize(
    ("name", "format_name", "write"),
    [
        ("tasks.json", "label-studio", label_studio),
        ("labels.json", "coco", coco),
        ("labels.xml", "cvat-images", cvat),
        ("labels.zarr", "ome-zarr", zarr_array),
        ("labels.tif", "tiff", tiff),
        ("labels", "png", folder_of_png),
        ("tracks", "ctc", folder_of_tracks),
    ],
)
def test_labels_of_a_billion_pixels_are_refused(tmp_path, name, format_name, write):
    write(tmp_path / name)
    refused(lambda: [*import_labels(tmp_path / name, format_name).frames])


def refused(read):
    """Check that an expected error is raised without a large allocation."""
    with without_large_allocation(), pytest.raises(GnnVosError):
        read()


@contextmanager
def without_large_allocation():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < LIMIT
    finally:
        tracemalloc.stop()


def test_parts_of_a_project_are_not_allocated_by_their_largest_size(tmp_path):
    (tmp_path / "log.jsonl").write_bytes(b"small")
    with without_large_allocation():
        assert read_part(tmp_path, "log.jsonl", MAX_PART_BYTES) == b"small"
    with pytest.raises(ReadError, match="larger than 4 bytes"):
        read_part(tmp_path, "log.jsonl", 4)


def test_tags_of_a_tiff_are_not_allocated_by_their_number(tmp_path):
    path = tmp_path / "big.tif"
    path.write_bytes(struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 2**26) + bytes(100))
    with without_large_allocation():
        assert not read_directories(path).is_complete


def test_large_arrays_of_a_prepared_graph_are_refused(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "000000.npz", labels=np.zeros(10_000_000, np.uint8))
    monkeypatch.setattr("napari_gnn_vos.io.graph_store.MAX_ARRAY_BYTES", 1_000_000)
    with pytest.raises(ReadError, match="prepare the video again"):
        GraphStore(tmp_path, 1).frame(0)


def test_pickled_objects_of_a_prepared_graph_are_refused(tmp_path):
    np.savez(tmp_path / "000000.npz", labels=np.array([{}], object))
    with pytest.raises(ReadError, match="prepare the video again"):
        GraphStore(tmp_path, 1).frame(0)


def test_source_reads_no_pickled_objects():
    import napari_gnn_vos

    sources = Path(napari_gnn_vos.__file__).parent.rglob("*.py")
    lines = [line for path in sources for line in path.read_text("utf-8").splitlines()]
    loads = [line for line in lines if "np.load(" in line]
    assert loads
    assert all("allow_pickle=False" in line for line in loads)
    assert not [line for line in lines if "torch.load" in line or "pickle.load" in line]
