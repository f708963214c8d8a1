"""Exports as pipelines, and previews of what they write."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.io.export import export_in_steps, import_labels
from napari_gnn_vos.io.export_preview import preview_export
from napari_gnn_vos.io.formats.registry import FORMATS
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.progress import drain

COUNT, SHAPE = 9, (40, 60)


def masks():
    stack = np.zeros((COUNT, *SHAPE), np.uint8)
    stack[:, 5:20, 5:30] = 1
    stack[3:, 25:35, 30:50] = 2
    return stack


def labels_with_images(frames):
    return VideoLabels(frames, image=lambda t: np.full((*SHAPE, 3), t, np.uint8))


@pytest.mark.parametrize("chosen", FORMATS, ids=lambda each: each.name)
def test_preview_agrees_with_what_is_written(tmp_path, chosen):
    if chosen.name == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"out{chosen.suffixes[0] if chosen.suffixes else ''}"
    labels = labels_with_images(masks())
    preview = preview_export(labels, masks(), path, chosen.name)
    assert not path.exists()
    assert preview.shape == (COUNT, *SHAPE)
    assert preview.replaced == 0
    assert drain(export_in_steps(labels, COUNT, path, chosen.name)) == COUNT
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    assert preview.files == len(files)
    size = sum(file.stat().st_size for file in files)
    assert 0.5 * size < preview.size < 2 * size
    again = preview_export(labels, masks(), path, chosen.name)
    assert again.replaced > 0


def test_preview_reports_a_path_that_is_an_input(tmp_path):
    path = tmp_path / "video.tif"
    path.write_bytes(b"frames")
    with pytest.raises(ReadError, match="input"):
        preview_export(VideoLabels(()), masks(), path, "tiff", inputs=[path])
    with pytest.raises(SettingsError, match="suffix"):
        preview_export(VideoLabels(()), masks(), tmp_path / "a.png", "tiff")


@pytest.mark.parametrize("name", ["tiff", "ctc", "coco"])
def test_stopped_export_leaves_the_existing_output(tmp_path, name):
    path = tmp_path / {"tiff": "a.tif", "ctc": "01_RES", "coco": "a.json"}[name]
    drain(export_in_steps(VideoLabels(masks()), COUNT, path, name))
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    released = Event()

    def slowly():
        for t, mask in enumerate(masks()):
            if t == 2:
                released.wait(60)
            yield np.zeros_like(mask)

    steps = export_in_steps(VideoLabels(slowly()), COUNT, path, name)
    step = next(steps)
    while step.done < 2:
        step = next(steps)
    assert (step.stage, step.total) == ("Writing frames", COUNT)
    released.set()
    steps.close()
    assert before == {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}


def test_frame_rate_and_opacity_of_videos(tmp_path):
    import av

    labels = replace(labels_with_images(masks()), frame_rate=7, opacity=1.0)
    labels = replace(labels, colours={1: (255, 0, 0), 2: (0, 0, 255)})
    for name, suffix in (("overlay", ".mp4"), ("mask-video", ".mkv")):
        path = tmp_path / f"a{suffix}"
        drain(export_in_steps(labels, COUNT, path, name))
        with av.open(str(path)) as container:
            assert container.streams.video[0].average_rate == 7
            frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
        if name == "overlay":
            red, green, _ = frame[12, 15].astype(int)
            assert red > 200
            assert green < 60


def test_labels_are_the_same_after_an_export_in_steps(tmp_path):
    drain(export_in_steps(VideoLabels(masks()), COUNT, tmp_path / "a.ome.tif"))
    read = np.stack([*import_labels(tmp_path / "a.ome.tif").frames])
    np.testing.assert_array_equal(read, masks())
