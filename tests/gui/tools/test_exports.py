"""The export dialog, and exports by scripts."""

from importlib.resources import files
from threading import Event

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from npe2 import PluginManifest
from qtpy.QtCore import QPoint, Qt

from napari_gnn_vos import annotator
from napari_gnn_vos.controller import export_request
from napari_gnn_vos.controller.export_request import ExportOptions
from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES, names_in
from napari_gnn_vos.errors import GnnVosError, ReadError, SettingsError
from napari_gnn_vos.gui.layers.attributes import set_object_names
from napari_gnn_vos.gui.widgets.export_dialog import ExportDialog
from napari_gnn_vos.gui.writer import write_overlay
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.formats.registry import FORMATS, format_named
from tests.controller import fakes

pytestmark = pytest.mark.gui


@pytest.fixture
def predicted(qtbot, viewer, dock):
    """The dock with two named objects drawn and predicted."""
    strokes = viewer.layers[STROKES].data
    strokes[0, 2, 2], strokes[0, 9, 9] = 1, 2
    dock.annotator.predict()
    qtbot.waitUntil(lambda: not dock.annotator.controller.jobs.busy)
    dock.annotator.objects.rename(1, "cell")
    return dock


@pytest.fixture
def dialog(qtbot, predicted, tmp_path):
    """The open dialog with a path in an empty folder."""
    click(qtbot, predicted.project.export)
    dialog = predicted.dialogs["export"]
    dialog.form.path = tmp_path / "out.tif"
    ready(qtbot, dialog)
    return dialog


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def ready(qtbot, dialog):
    qtbot.waitUntil(dialog.export.isEnabled, timeout=20_000)


def choose(qtbot, dialog, name):
    dialog.form.format.value = name
    assert not dialog.export.isEnabled()


def test_dialog_writes_labels_with_names(qtbot, viewer, predicted, dialog, tmp_path):
    assert dialog.form.layer is viewer.layers[SEGMENTATION]
    assert "t, y, x: 4 x 20 x 30, uint8" in dialog.preview.text()
    assert "1 file" in dialog.preview.text()
    click(qtbot, dialog.export)
    qtbot.waitUntil((tmp_path / "out.tif").exists)
    qtbot.waitUntil(lambda: "4 frames written" in dialog.preview.text())
    labels = import_labels(tmp_path / "out.tif")
    np.testing.assert_array_equal(
        np.stack([*labels.frames]), np.asarray(viewer.layers[SEGMENTATION].data)
    )
    assert labels.names[1] == "cell"
    assert predicted.annotator.state.message == "4 frames written to out.tif"


def test_format_sets_suffix_description_and_options(qtbot, dialog):
    for name, suffix in (("coco", ".json"), ("ome-tiff", ".ome.tif"), ("png", "")):
        choose(qtbot, dialog, name)
        assert dialog.form.path.name == f"out{suffix}"
        assert dialog.form._description.value == format_named(name).description
    visible = {
        name: option.native.isVisibleTo(dialog.form.native)
        for name, option in dialog.form._options.items()
    }
    assert [name for name in visible if visible[name]] == ["frame_names"]
    choose(qtbot, dialog, "overlay")
    ready(qtbot, dialog)
    assert dialog.form._options["opacity"].native.isVisibleTo(dialog.form.native)


def test_existing_output_is_replaced_after_a_question(qtbot, predicted, dialog):
    questions, answers = [], [False, True]
    predicted.annotator.confirm = lambda q: questions.append(q) or answers.pop(0)
    dialog.form.path.write_text("old")
    dialog._schedule()
    ready(qtbot, dialog)
    assert "Replaces 1 existing file" in dialog.preview.text()
    click(qtbot, dialog.export)
    assert dialog.form.path.read_text() == "old"
    click(qtbot, dialog.export)
    qtbot.waitUntil(lambda: "4 frames written" in dialog.preview.text())
    assert questions == ["Replace 1 file?"] * 2
    assert dialog.form.path.read_bytes()[:2] == b"II"


def test_path_is_checked_before_the_export(qtbot, dialog, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    dialog.form.path = file / "out.tif"
    qtbot.waitUntil(lambda: dialog.preview.text().startswith("Cannot write"))
    assert not dialog.export.isEnabled()


def test_cancelled_export_writes_nothing(qtbot, dialog, monkeypatch):
    released, started = Event(), Event()
    names = []

    def slow_colours(_colormap, frames):
        started.set()
        released.wait(30)
        return names.append(len(frames)) or {}

    monkeypatch.setattr(export_request, "colours_in", slow_colours)
    click(qtbot, dialog.export)
    qtbot.waitUntil(started.is_set)
    assert dialog.cancel.isEnabled()
    assert not dialog.export.isEnabled()
    click(qtbot, dialog.cancel)
    assert not dialog._exports.jobs.busy
    released.set()
    qtbot.waitUntil(lambda: names == [4])
    qtbot.wait(200)
    assert not dialog.form.path.exists()
    assert dialog.preview.text() == "Stopped"
    assert dialog.export.isEnabled()


def test_selected_frames_are_written(qtbot, dialog):
    dialog.form._first.value = 1
    dialog.form._last.value = 2
    ready(qtbot, dialog)
    assert "2 x 20 x 30" in dialog.preview.text()
    click(qtbot, dialog.export)
    qtbot.waitUntil(lambda: "2 frames written" in dialog.preview.text())


@pytest.fixture
def scripted(toy_engine):
    """An annotator without a window, with a prediction."""
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    work = annotator(viewer)
    work.open(image)
    work.workspace.strokes.data[0, 2, 2] = 1
    work.predict()
    return work


def test_script_exports_at_once(scripted, tmp_path):
    path = tmp_path / "out" / "a.ome.tif"
    scripted.exports.write(path)
    assert len([*import_labels(path).frames]) == fakes.SHAPE[0]
    with pytest.raises(ReadError, match="exists already"):
        scripted.exports.write(path)
    scripted.exports.write(path, overwrite=True)
    preview = scripted.exports.preview(path)
    assert (preview.shape, preview.replaced) == (fakes.SHAPE, 1)
    with pytest.raises(SettingsError, match="frames 0 to 3"):
        scripted.exports.preview(path, options=ExportOptions(range(2, 9)))


def test_export_keeps_the_labels_of_its_request(scripted, tmp_path):
    layer = scripted.workspace.prediction
    before = np.array(layer.data)
    request = scripted.exports.request(tmp_path / "a.tif")
    layer.data[0] = 7
    np.testing.assert_array_equal(np.stack([*request.frames]), before)


def test_overlay_needs_a_video_of_the_same_size(scripted, tmp_path):
    scripted.exports.write(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").stat().st_size
    other = scripted.viewer.add_labels(np.ones((3, 8, 9), int))
    with pytest.raises(SettingsError, match="video"):
        scripted.exports.write(tmp_path / "b.mp4", layer=other)


def test_nothing_to_export_is_reported(tmp_path):
    work = annotator(ViewerModel())
    with pytest.raises(GnnVosError, match="no labels"):
        work.exports.write(tmp_path / "a.tif")


def test_every_format_has_a_napari_writer():
    from napari_gnn_vos.gui import writer

    manifest = PluginManifest.from_file(files("napari_gnn_vos") / "napari.yaml")
    commands = {c.id: c.python_name for c in manifest.contributions.commands}
    written = {"tiff", "overlay"}
    for contribution in manifest.contributions.writers:
        name = commands[contribution.command].split(":")[1]
        written |= set(getattr(getattr(writer, name), "args", ()))
    assert written == {each.name for each in FORMATS}


def test_overlay_writer_takes_video_and_labels(scripted, tmp_path):
    layers = [layer.as_layer_data_tuple() for layer in scripted.viewer.layers]
    chosen = [layers[0], next(x for x in layers if x[1]["name"] == SEGMENTATION)]
    (path,) = write_overlay(str(tmp_path / "a"), chosen)
    assert path.endswith("a.mp4")
    with pytest.raises(GnnVosError, match="one video"):
        other = (np.zeros((2, 20, 30), np.uint8), {"name": "x"}, "image")
        write_overlay(str(tmp_path / "b"), [other, chosen[1]])


def test_names_are_added_to_measurements_of_another_plugin():
    layer = Labels(np.zeros((2, 3), int))
    set_object_names(layer, {1: "cell", 2: "bud"})
    assert [*layer.features["label"]] == [1, 2]
    layer.features = {"label": [1, 1, 2], "area": [5.0, 6.0, 7.0], "frame": [0, 1, 0]}
    set_object_names(layer, {1: "cell", 2: "bud"})
    assert [*layer.features["area"]] == [5.0, 6.0, 7.0]
    assert [*layer.features["name"]] == ["cell", "cell", "bud"]
    assert names_in(layer.features) == {1: "cell", 2: "bud"}


def test_dialog_lists_no_strokes(qtbot, predicted):
    dialog = ExportDialog(predicted.annotator)
    qtbot.addWidget(dialog)
    dialog.show()
    names = [name for name, _ in dialog.form._layers(None)]
    assert names == [SEGMENTATION]


@pytest.mark.parametrize("name", ["tiff", "coco"])
def test_description_is_aligned_with_the_fields(qtbot, dialog, name):
    form = dialog.form
    form.format.value = name
    qtbot.wait(50)
    left = {
        field.native.mapTo(dialog, QPoint(0, 0)).x()
        for field in (form.format, form._description, form._path)
    }
    assert len(left) == 1
