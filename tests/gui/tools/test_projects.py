"""Projects of an annotator: save, open, recover; without a window."""

import os
import shutil

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.errors import GnnVosError, ProjectLockedError, ReadError
from napari_gnn_vos.gui import reader, scripting
from napari_gnn_vos.gui.tools.projects import VideoNotFoundError
from napari_gnn_vos.io.project import autosave
from napari_gnn_vos.io.project.project import Project
from tests.controller import fakes


def read(viewer, path):
    """Add the first layer that the plugin's reader returns."""
    data = reader.get_reader(str(path))(str(path))[0]
    return viewer.add_layer(Layer.create(*data))


@pytest.fixture
def video_file(tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "walk.npy"
    np.save(path, np.random.default_rng(0).integers(0, 255, fakes.SHAPE, np.uint8))
    return path


@pytest.fixture
def start(toy_engine, tmp_path):
    """Return a function that makes an annotator with autosave on a new viewer."""
    annotators = []

    def make(video=None):
        viewer = ViewerModel()
        work = scripting.annotator(viewer)
        work.projects.data_folder = tmp_path / "user"
        work.deferred = []  # as in a window, called after the event
        work.defer = work.auto_predict.schedule = work.deferred.append
        annotators.append(work)
        if video is not None:
            work.open(read(viewer, video))
        return work

    yield make
    for work in annotators:
        work.close()


def paint(work, frame, row, label):
    work.viewer.dims.set_current_step(0, frame)
    work.active_label.choose(label)
    work.workspace.strokes.paint((frame, row, row), label)
    run_deferred(work)


def run_deferred(work):
    while work.deferred:
        work.deferred.pop(0)()


def annotate_two_rounds(work):
    paint(work, 0, 4, 1)
    work.predict()
    paint(work, 2, 8, 2)
    work.predict()
    work.objects.rename(1, "bär")
    paint(work, 3, 12, 1)


def assert_same_annotation(first, second):
    layers = first.viewer.layers, second.viewer.layers
    for name in (STROKES, SEGMENTATION):
        one, two = (np.asarray(each[name].data) for each in layers)
        assert (one == two).all(), name
    assert first.state.table == second.state.table
    assert first.state.rounds == second.state.rounds
    assert first.state.can_undo == second.state.can_undo
    assert first.state.can_redo == second.state.can_redo


@pytest.mark.parametrize("name", ["walk", "walk.gnnvos"])
def test_opened_project_continues_with_undo_and_redo(start, video_file, name):
    work = start(video_file)
    annotate_two_rounds(work)
    work.undo()
    work.projects.save(video_file.parent / name)
    assert not work.projects.unsaved
    work.projects.close()
    opened = start()
    opened.projects.open(video_file.parent / name)
    assert_same_annotation(work, opened)
    for step in ("redo", "undo", "undo", "redo", "redo"):
        getattr(work, step)()
        getattr(opened, step)()
        if opened.state.rounds:
            assert_same_annotation(work, opened)
    paint(work, 1, 15, 2)
    paint(opened, 1, 15, 2)
    work.predict()
    opened.predict()
    assert_same_annotation(work, opened)


def test_opened_project_is_not_changed_by_opening(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    work.projects.save(video_file.parent / "walk.gnnvos")
    work.projects.close()
    opened = start()
    opened.projects.open(video_file.parent / "walk.gnnvos")
    assert not opened.projects.unsaved
    opened.close()
    assert not start().projects.recoverable()
    opened = start()
    opened.projects.open(video_file.parent / "walk.gnnvos")
    paint(opened, 1, 15, 2)
    assert opened.projects.unsaved
    assert autosaved(opened).log.drawing.of_kind("brush")[1][15, 15] == 2


def test_reader_of_napari_opens_the_project(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    project = video_file.parent / "walk.gnnvos"
    work.projects.save(project)
    work.projects.close()
    opened = start()
    read(opened.viewer, project)
    run_deferred(opened)
    assert_same_annotation(work, opened)
    assert opened.projects.path == project
    assert opened.projects.recent == [project]


def test_reader_before_the_annotator(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    work.projects.save(video_file.parent / "walk")
    work.projects.close()
    opened = start()
    viewer = ViewerModel()
    image = read(viewer, video_file.parent / "walk")
    second = scripting.annotator(viewer)
    second.open(image)
    assert_same_annotation(work, second)
    second.close()
    opened.close()


def test_project_and_video_are_moved_together(start, video_file, tmp_path):
    work = start(video_file)
    annotate_two_rounds(work)
    work.projects.save(video_file.parent / "walk.gnnvos")
    work.projects.close()
    shutil.move(video_file.parent, tmp_path / "elsewhere")
    opened = start()
    opened.projects.open(tmp_path / "elsewhere" / "walk.gnnvos")
    assert_same_annotation(work, opened)


def test_missing_video_is_asked_for(start, video_file, tmp_path):
    work = start(video_file)
    annotate_two_rounds(work)
    work.projects.save(video_file.parent / "walk.gnnvos")
    work.projects.close()
    moved = video_file.rename(tmp_path / "moved.npy")
    opened = start()
    with pytest.raises(VideoNotFoundError, match="walk"):
        opened.projects.open(video_file.parent / "walk.gnnvos")
    opened.projects.open(video_file.parent / "walk.gnnvos", moved)
    assert_same_annotation(work, opened)
    assert "changed" not in opened.state.message


def test_changed_video_is_reported_and_strokes_are_kept(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    work.projects.save(video_file.parent / "walk.gnnvos")
    work.projects.close()
    np.save(video_file, np.zeros(fakes.SHAPE, np.uint8))
    opened = start()
    opened.projects.open(video_file.parent / "walk.gnnvos")
    assert "video has changed" in opened.state.message
    assert_same_annotation(work, opened)


def test_video_of_another_size_is_refused(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    project = video_file.parent / "walk.gnnvos"
    work.projects.save(project)
    work.projects.close()
    content = project.read_bytes()
    np.save(video_file, np.zeros((4, 32, 32), np.uint8))
    opened = start()
    with pytest.raises(GnnVosError, match="unchanged"):
        opened.projects.open(project)
    assert project.read_bytes() == content


def test_sample_data_is_opened_again(start, tmp_path):
    work = start()
    work.open(work.viewer.add_layer(Layer.create(*reader.cells()[0])))
    paint(work, 0, 20, 1)
    work.projects.save(tmp_path / "cells.gnnvos")
    work.projects.close()
    opened = start()
    opened.projects.open(tmp_path / "cells.gnnvos")
    assert opened.viewer.layers[STROKES].data[0, 20, 20] == 1


def test_array_without_a_file_must_be_open(start, tmp_path):
    work = start()
    work.open(work.viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="array"))
    paint(work, 0, 4, 1)
    work.projects.save(tmp_path / "array.gnnvos")
    work.projects.close()
    opened = start()
    with pytest.raises(VideoNotFoundError, match="image layer"):
        opened.projects.open(tmp_path / "array.gnnvos")
    opened.viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="array")
    opened.projects.open(tmp_path / "array.gnnvos")
    assert opened.viewer.layers[STROKES].data[0, 4, 4] == 1


def test_two_windows_on_one_project(start, video_file, tmp_path):
    work = start(video_file)
    annotate_two_rounds(work)
    project = video_file.parent / "walk.gnnvos"
    work.projects.save(project)
    second = start()
    with pytest.raises(ProjectLockedError, match=f"process {os.getpid()}"):
        second.projects.open(project)
    third = start(video_file)
    paint(third, 0, 1, 1)
    with pytest.raises(ProjectLockedError):
        third.projects.save(project)
    third.projects.save(tmp_path / "copy.gnnvos")
    work.projects.save()
    work.close()
    second.projects.open(project)


def test_project_in_a_folder_that_cannot_be_written_is_opened(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    project = video_file.parent / "walk.gnnvos"
    work.projects.save(project)
    work.close()
    (project.parent / ".walk.gnnvos.lock").mkdir()  # the lock cannot be written
    second = start()
    second.projects.open(project)
    assert second.workspace.strokes.data.any()
    paint(second, 3, 9, 1)
    with pytest.raises(ReadError, match="Choose another location"):
        second.projects.save()
    second.projects.save(project.with_name("copy.gnnvos"))
    assert second.projects.path == project.with_name("copy.gnnvos")


def test_project_is_opened_again_after_its_video_was_deleted(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    project, expected = video_file.parent / "walk.gnnvos", np.array(strokes_of(work))
    work.projects.save(project)
    layer = work.workspace.image  # it, and its history, exist longer
    work.viewer.layers.remove(layer)
    run_deferred(work)
    read(work.viewer, project)
    run_deferred(work)
    assert work.workspace.image is not layer
    assert work.projects.path == project
    assert (strokes_of(work) == expected).all()
    work.projects.save()


def test_open_project_is_opened_again_without_unsaved_strokes(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    project, expected = video_file.parent / "walk.gnnvos", np.array(strokes_of(work))
    work.projects.save(project)
    paint(work, 3, 9, 1)
    questions, answers = [], [False, True]
    work.confirm = lambda question: questions.append(question) or answers.pop(0)
    work.projects.open(project)
    assert strokes_of(work)[3, 9, 9] == 1
    assert work.projects.unsaved
    work.projects.open(project)
    assert (strokes_of(work) == expected).all()
    assert not work.projects.unsaved
    assert questions[0].startswith(f"{project.name} is open.")
    work.projects.open(project)
    assert len(questions) == 2
    with pytest.raises(ProjectLockedError):
        start().projects.open(project)


def test_project_that_another_window_has_open_is_reported(start, video_file):
    work, failures = start(video_file), []
    annotate_two_rounds(work)
    work.projects.save(video_file.parent / "walk.gnnvos")
    second = start()
    second.controller.failed.connect(failures.append)
    read(second.viewer, video_file.parent / "walk.gnnvos")
    run_deferred(second)
    assert "is open in another window" in failures[0]
    assert "is open in another window" in second.state.message


def strokes_of(work):
    return work.workspace.strokes.data


def crash(work):
    """Leave the autosave as a killed process does: unlocked, and not deleted."""
    (current,) = work.projects._keeper._projects.values()
    recording = current._autosave
    recording._file.close()
    recording._lock.release()
    current._autosave = None
    current.log.append = None


@pytest.mark.parametrize("changed", [False, True])
def test_project_of_an_array_is_restored_unless_it_has_changed(
    start, tmp_path, monkeypatch, changed
):
    frames = np.zeros(fakes.SHAPE, np.uint8)
    work = start()
    work.open(work.viewer.add_image(frames, name="array"))
    annotate_two_rounds(work)
    work.projects.save(tmp_path / "array.gnnvos")
    (tmp_path / "other file").write_text("of the working directory")
    monkeypatch.chdir(tmp_path)
    opened = start()
    opened.open(opened.viewer.add_image(frames + changed, name="array"))
    predicted = []
    monkeypatch.setattr(
        opened.controller.rounds,
        "_predict_round",
        lambda *given: predicted.append(given) or fakes.predict_round(*given),
    )
    opened.projects.open(shutil.copy("array.gnnvos", "copy.gnnvos"))
    assert ("video has changed" in opened.state.message) == changed
    assert len(predicted) == (2 if changed else 0)
    np.testing.assert_array_equal(strokes_of(opened), strokes_of(work))


def test_autosave_recovers_strokes_rounds_and_names(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    work.undo()
    crash(work)
    opened = start()
    (project,) = opened.projects.recoverable()
    assert project.video.absolute == str(video_file)
    opened.projects.recover(project)
    assert_same_annotation(work, opened)
    opened.redo()
    work.redo()
    assert_same_annotation(work, opened)
    assert not opened.projects.recoverable()
    assert opened.projects.unsaved


def autosaved(work):
    """Open the only autosave, as after a crash."""
    (folder,) = work.projects.data_folder.joinpath("autosave").iterdir()
    return Project.open(folder)


def test_accepted_frame_is_on_disk_at_once(start, video_file):
    work = start(video_file)
    paint(work, 0, 4, 1)
    work.predict()
    assert not autosaved(work).log.drawing.of_kind("accepted")
    work.toggle_accepted(2)
    (frame,) = autosaved(work).log.drawing.of_kind("accepted")
    assert frame == 2
    crash(work)
    opened = start()
    opened.projects.recover(*opened.projects.recoverable())
    assert opened.state.accepted == (2,)
    assert (
        opened.controller.annotation.history.current.action == "acceptance of frame 2"
    )


def test_actions_on_objects_are_on_disk_at_once(start, video_file):
    work = start(video_file)
    paint(work, 0, 4, 1)
    work.predict()
    work.objects.rename(1, "cat")
    work.objects.recolour(1, "#ff8800")
    log = autosaved(work).log
    assert [entry.action for entry in log.history.entries][-1] == "colour of cat"
    assert (log.objects.objects[0].name, log.objects.objects[0].colour) == (
        "cat",
        "#ff8800",
    )


def test_stroke_is_on_disk_before_its_prediction(start, video_file, monkeypatch):
    work, recorded = start(video_file), []

    def predict(session, scribbles, rng, frame):
        (folder,) = work.projects._keeper.autosave_folder.iterdir()
        recorded.append(Project.open(folder).log.drawing.of_kind("brush"))
        return (yield from fakes.predict_round(session, scribbles, rng, frame))

    work.controller.rounds._predict_round = predict
    work.auto_predict.enabled = True
    paint(work, 0, 4, 1)
    assert recorded[0][0][4, 4] == 1
    work.workspace.strokes.data[2, 5, 5] = 2  # a script emits no event
    work.predict()
    assert recorded[1][2][5, 5] == 2


def test_autosave_is_deleted_by_saving_and_kept_by_closing(start, video_file, tmp_path):
    folder, work = tmp_path / "user" / "autosave", start(video_file)
    assert not folder.exists()
    paint(work, 0, 4, 1)
    assert len(list(folder.iterdir())) == 1
    assert not work.projects.recoverable()  # it is in use
    work.projects.save(tmp_path / "walk")
    assert not list(folder.iterdir())
    paint(work, 0, 9, 1)
    assert len(list(folder.iterdir())) == 1
    work.close()
    (kept,) = start().projects.recoverable()
    assert kept.log.drawing.of_kind("brush")[0][9, 9] == 1


def test_only_the_newest_autosaves_are_kept(start, video_file, monkeypatch):
    monkeypatch.setattr(autosave, "KEPT", 2)
    for value in (4, 5, 6):
        work = start(video_file)
        paint(work, 0, value, 1)
        work.close()
    kept = start().projects.recoverable()
    assert len(kept) == 2
    assert len(list(work.projects._keeper.autosave_folder.iterdir())) == 2


def test_closed_video_keeps_its_autosave(start, video_file, tmp_path):
    work = start(video_file)
    paint(work, 0, 4, 1)
    work.open(None)
    assert len(list((tmp_path / "user" / "autosave").iterdir())) == 1
    work.open(work.viewer.layers[0])
    paint(work, 0, 9, 1)
    assert len(list((tmp_path / "user" / "autosave").iterdir())) == 1


def test_full_disk_while_autosaving_is_reported_once(start, video_file, monkeypatch):
    work = start(video_file)
    paint(work, 0, 4, 1)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    paint(work, 0, 9, 1)
    assert "No space left" in work.state.message
    work.controller.report("")
    paint(work, 0, 12, 1)
    assert not work.state.message
    monkeypatch.undo()
    assert work.viewer.layers[STROKES].data[0, 12, 12] == 1
    work.projects.save(video_file.parent / "walk")
    assert (
        Project.open(video_file.parent / "walk").log.drawing.canvases["brush", 0].any()
    )


def test_read_only_data_folder_is_reported(start, video_file, tmp_path):
    work = start(video_file)
    (tmp_path / "user").write_text("in the way")
    paint(work, 0, 4, 1)
    assert "not autosaved" in work.state.message
    assert work.viewer.layers[STROKES].data[0, 4, 4] == 1


def test_vanished_folder_loses_nothing(start, video_file, tmp_path):
    work = start(video_file)
    annotate_two_rounds(work)
    (tmp_path / "disk").mkdir()
    work.projects.save(tmp_path / "disk" / "walk")
    shutil.rmtree(tmp_path / "disk")
    (tmp_path / "disk").write_text("in the way")
    with pytest.raises(ReadError):
        work.projects.save()
    work.projects.save(tmp_path / "walk")
    work.projects.close()
    opened = start()
    opened.projects.open(tmp_path / "walk")
    assert_same_annotation(work, opened)


def test_project_without_a_name_is_not_saved(start, video_file):
    work = start(video_file)
    with pytest.raises(GnnVosError, match="no name"):
        work.projects.save()
    assert work.projects.suggested_path == video_file.parent / "walk.gnnvos"
    with pytest.raises(GnnVosError, match="no video"):
        start().projects.save("walk")


def test_removal_and_reset_are_restored(start, video_file):
    work = start(video_file)
    annotate_two_rounds(work)
    work.objects.remove(2)
    work.reset()
    work.projects.save(video_file.parent / "walk")
    work.projects.close()
    opened = start()
    opened.projects.open(video_file.parent / "walk")
    for _ in range(2):
        opened.undo()
        work.undo()
        assert_same_annotation(work, opened)
