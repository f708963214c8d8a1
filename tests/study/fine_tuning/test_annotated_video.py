import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.export import export_labels
from napari_gnn_vos.io.project import Project
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.video_reference import video_reference
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.project import (
    SavedEntry,
    SavedHistory,
    SavedPrediction,
)
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Prediction
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.fine_tuning.annotated_video import (
    AnnotatedVideo,
    read_annotated_video,
)

SHAPE = (6, 20, 30)


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.npy"
    np.save(path, np.random.default_rng(0).integers(0, 255, SHAPE, np.uint8))
    return path


@pytest.fixture
def project(tmp_path, film):
    """Frame 0 has strokes of the first round, 2 of the second, and 4 is accepted."""
    log = ProjectLog(SHAPE)
    accepted = np.full(SHAPE[1:], 255, np.uint8)
    accepted[:5] = 3
    log.record_canvas("accepted", 4, accepted)
    path = [[2, 3], [2, 6]]
    log.record_round(1, -1, [Scribble(0, 1, path)])
    log.record_round(2, 0, [Scribble(2, 1, path)])
    entries = [SavedEntry(k, log.position, log.position) for k in (-1, 0, 1)]
    log.record_history(SavedHistory(tuple(entries), 2))
    labels = np.zeros(SHAPE, np.uint8)
    for t in range(6):
        labels[t, :, t : t + 5] = 1
    prediction = Prediction((1,), (), np.ones((6, 1), np.float32))
    saved = SavedPrediction(prediction, LabelFrames.of(labels))
    video = Video.from_array(np.load(film), "film")
    reference = video_reference(video, str(film), tmp_path / "film.gnnvos")
    made = Project(reference, log, predictions={1: saved})
    made.save(tmp_path / "film.gnnvos")
    return tmp_path / "film.gnnvos", labels


def test_accepted_and_corrected_frames_of_a_project_are_labelled(project):
    path, labels = project
    video = read_annotated_video(str(path))
    assert video.labelled == (2, 4)
    np.testing.assert_array_equal(video.masks[2], labels[2])
    assert set(np.unique(video.masks[4])) == {0, 3}
    assert (video.masks[4][:5] == 3).all()


def test_frames_with_an_object_in_a_labels_file_are_labelled(film, tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    labels[[1, 5], 3:9, 3:9] = 2
    export_labels(labels, tmp_path / "labels.tif")
    video = read_annotated_video(f"{film}={tmp_path / 'labels.tif'}")
    assert video.labelled == (1, 5)
    np.testing.assert_array_equal(video.masks[5], labels[5])


@pytest.mark.parametrize("source", ["nothing.gnnvos", "film.mp4"])
def test_other_sources_are_refused(source):
    with pytest.raises(ReadError, match="VIDEO=LABELS"):
        read_annotated_video(source)


def test_labels_without_an_object_are_refused(film, tmp_path):
    export_labels(np.zeros(SHAPE, np.uint8), tmp_path / "labels.tif")
    with pytest.raises(ReadError, match="accepted or corrected frames"):
        read_annotated_video(f"{film}={tmp_path / 'labels.tif'}")


def test_labels_of_another_video_are_refused(film, tmp_path):
    export_labels(np.ones((6, 10, 30), np.uint8), tmp_path / "labels.tif")
    with pytest.raises(ShapeError, match="size of its frames"):
        read_annotated_video(f"{film}={tmp_path / 'labels.tif'}")
    export_labels(np.ones((7, 20, 30), np.uint8), tmp_path / "longer.tif")
    with pytest.raises(ShapeError, match="more than the 6 frames"):
        read_annotated_video(f"{film}={tmp_path / 'longer.tif'}")


def test_labels_have_up_to_16_bits(film, tmp_path):
    labels = np.zeros(SHAPE, np.uint16)
    labels[1, :, :3] = 255, 300, 32_767
    export_labels(labels, tmp_path / "labels.tif")
    masks = read_annotated_video(f"{film}={tmp_path / 'labels.tif'}").masks
    np.testing.assert_array_equal(masks[1], labels[1])
    export_labels(labels + 1, tmp_path / "labels.tif")
    with pytest.raises(ShapeError, match="up to 32767"):
        read_annotated_video(f"{film}={tmp_path / 'labels.tif'}")


def test_masks_must_fit():
    video = Video.from_array(np.zeros(SHAPE, np.uint8))
    with pytest.raises(ShapeError, match="size of its frames"):
        AnnotatedVideo(video, {0: np.zeros((5, 5), np.uint8)})
