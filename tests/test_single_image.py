"""A single image is a video of one frame."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_gnn_vos.engine import annotate, predict, start
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.registry import FORMATS
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline

rng = np.random.default_rng(0)
grey = rng.integers(0, 255, (24, 31), np.uint8)
colour = rng.integers(0, 255, (24, 31, 3), np.uint8)


def save_image(path, image):
    Image.fromarray(image).save(path)


def save_zarr(path, image):
    zarr = pytest.importorskip("zarr")
    array = zarr.open(str(path), mode="w", shape=image.shape, dtype=image.dtype)
    array[:] = image


@pytest.mark.parametrize("image", [grey, colour], ids=["grey", "colour"])
@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("a.png", save_image),
        ("A.BMP", save_image),
        ("a.tif", tifffile.imwrite),
        ("a.npy", np.save),
        ("a.zarr", save_zarr),
    ],
)
def test_file_of_one_image_is_one_frame(tmp_path, name, save, image):
    save(tmp_path / name, image)
    video = read_video(tmp_path / name)
    assert video.shape == (1, 24, 31)
    np.testing.assert_array_equal(video.raw(0), image)


def test_folder_of_one_image_is_one_frame(tmp_path):
    save_image(tmp_path / "7.png", grey)
    np.testing.assert_array_equal(read_video(tmp_path).raw(0), grey)


def test_gif_of_one_picture_is_one_frame(tmp_path):
    save_image(tmp_path / "a.gif", np.full((24, 32), 128, np.uint8))
    video = read_video(tmp_path / "a.gif")
    assert video.shape == (1, 24, 32)
    assert np.abs(video.rgb(0).astype(int) - 128).max() <= 2


@pytest.mark.parametrize("is_cached", [False, True])
def test_image_is_segmented(tmp_path, is_cached):
    rows, cols = np.indices((60, 80))
    truth = np.hypot(rows - 30, cols - 40) < 15
    image = np.where(truth[..., None], (200, 40, 40), (40, 90, 160)).astype(np.uint8)
    video = Video.from_array(image[None])
    session = drain(start(video, cache=tmp_path if is_cached else None))
    assert (len(session.graph.frames), len(session.graph.pairs)) == (1, 0)
    strokes = [
        Scribble(0, 1, np.array([[25, 35], [35, 45.0]])),
        Scribble(0, 0, np.array([[5, 5], [5, 75.0]])),
    ]
    session = annotate(session, strokes, rng=np.random.default_rng(0))
    session = drain(predict(session, WholeVideoModel(harmonic_baseline)))
    labels = np.asarray(session.labels)
    assert labels.shape == (1, 60, 80)
    mask = labels[0] == 1
    assert (mask & truth).sum() > 0.95 * (mask | truth).sum()


@pytest.mark.parametrize("kind", [format_.name for format_ in FORMATS])
def test_labels_of_one_frame_are_exported(tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    labels = np.zeros((1, 24, 32), np.uint8)
    labels[0, 4:12, 6:20] = 1
    labels[0, 14:20, 3:9] = 2
    target = next(format_ for format_ in FORMATS if format_.name == kind)
    path = tmp_path / f"out{target.suffixes[0] if target.suffixes else ''}"
    blank = np.zeros((24, 32, 3), np.uint8)
    image = (lambda _: blank) if target.requires_image else None
    export_labels(VideoLabels(labels, image=image), path, kind)
    if target.read is not None:
        np.testing.assert_array_equal(import_labels(path, kind).frames[0], labels[0])
    if path.suffix == ".tif":
        assert tifffile.imread(path).shape == (24, 32)
