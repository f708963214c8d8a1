import numpy as np
import pytest
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap

from napari_gnn_vos.errors import GnnVosError, ScribbleError
from napari_gnn_vos.gui import reader
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.widgets import import_dialogs
from napari_gnn_vos.io.export import export_labels
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE
from tests.controller import fakes

T, H, W = fakes.SHAPE


@pytest.fixture
def annotator(viewer):
    image = viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), scale=(1, 2, 2))
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    return annotator


SQUARE = np.array([[3, 4], [3, 8], [7, 8], [7, 4]])


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "ellipse"])
def test_areas_are_filled_on_their_frame(viewer, annotator, kind):
    corners = np.insert(SQUARE, 0, 2, axis=1)
    layer = viewer.add_shapes([corners], shape_type=kind, scale=(1, 2, 2))
    annotator.imports.use_shapes(layer, 2)
    painted = annotator.workspace.strokes.data
    assert painted[2, 5, 6] == 2
    assert not painted[2, 1].any()
    assert not painted[[0, 1, 3]].any()
    corner = painted[2, 3, 4] == 2
    assert corner == (kind != "ellipse")
    annotator.undo()
    assert not painted.any()


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "line", "path"])
def test_outlines_and_lines_become_lines(viewer, annotator, kind):
    points = np.insert(SQUARE, 0, 2, axis=1)[: 2 if kind == "line" else 4]
    layer = viewer.add_shapes([points], shape_type=kind, scale=(1, 2, 2))
    annotator.imports.use_shapes(layer, 1, fill=False)
    (line,) = annotator.workspace.read().lines
    assert (line.frame, line.label) == (2, 1)
    assert len(line.path) == {"line": 2, "path": 4}.get(kind, 5)
    np.testing.assert_allclose(line.path[:2], SQUARE[:2])


def test_shapes_without_a_time_axis_belong_to_the_frame_on_screen(viewer, annotator):
    annotator.go_to(3)
    layer = viewer.add_shapes([SQUARE * 2], shape_type="rectangle")  # in world units
    annotator.imports.use_shapes(layer, 0)
    painted = annotator.workspace.strokes.data
    assert painted[3, 5, 6] == BACKGROUND_VALUE
    assert not painted[:3].any()


def test_points_are_discs_of_the_active_label(viewer, annotator):
    annotator.active_label.choose(2)
    layer = viewer.add_points([[1, 5, 6], [2, 9, 10], [99, 1, 1]], scale=(1, 2, 2))
    annotator.imports.use_shapes(layer)
    painted = annotator.workspace.strokes.data
    assert (painted[1, 5, 6], painted[2, 9, 10]) == (2, 2)
    assert [(frame > 0).sum() for frame in painted] == [0, 5, 5, 0]


def test_layer_outside_the_video_is_rejected(viewer, annotator):
    with pytest.raises(ScribbleError, match="nothing on a frame"):
        annotator.imports.use_shapes(viewer.add_points([[9, 5, 6]]))


def test_layers_need_a_video(viewer):
    annotator = Annotator(viewer, fakes.controller())
    with pytest.raises(GnnVosError, match="no video"):
        annotator.imports.use_shapes(viewer.add_points([[9, 5, 6]]))


def test_masks_with_300_ids_keep_their_numbers(viewer, annotator):
    masks = np.zeros(fakes.SHAPE, np.int32)
    ids = np.arange(1, 301).reshape(-1, 20)
    masks[1, : len(ids), :20] = ids
    annotator.imports.use_labels(viewer.add_labels(masks, scale=(1, 2, 2)))
    assert annotator.active_label.labels == tuple(range(301))
    annotator.predict()
    predicted = viewer.layers["segmentation"].data
    np.testing.assert_array_equal(predicted[1], masks[1])
    annotator.undo()
    annotator.undo()
    assert annotator.state.accepted == ()


COLOUR_MAPS = {
    "by label": DirectLabelColormap(color_dict={5: "#102030", 7: "#405060", None: "k"}),
    "cyclic": CyclicLabelColormap(colors=["k", *["w"] * 4, "#102030", "w", "#405060"]),
}


@pytest.mark.parametrize("kind", COLOUR_MAPS)
@pytest.mark.parametrize("new_objects", [False, True])
def test_colours_of_a_colour_map_are_imported(viewer, annotator, kind, new_objects):
    mask = np.zeros((H, W), int)
    mask[3, 4], mask[3, 5] = 5, 7
    layer = viewer.add_labels(mask, scale=(2, 2), colormap=COLOUR_MAPS[kind])
    annotator.imports.use_labels(layer, new_objects=new_objects)
    first, second = (3, 4) if new_objects else (5, 7)
    assert annotator.objects.table.colours == {first: "#102030", second: "#405060"}
    annotator.undo()
    assert annotator.objects.table.colours == {}


@pytest.mark.parametrize("suffix", ["json", "xml", "zarr", "tif"])
def test_colours_of_a_file_are_imported(viewer, annotator, tmp_path, suffix):
    if suffix == "zarr":
        pytest.importorskip("zarr")
    masks = np.zeros(fakes.SHAPE, np.uint16)
    masks[1, 3, 4], masks[1, 3, 5] = 5, 40_000
    labels = VideoLabels(masks, {5: "cat"}, {5: (1, 2, 3), 40_000: (4, 5, 6)})
    path = tmp_path / f"a.{suffix}"
    name = "ome-zarr" if suffix == "zarr" else None
    export_labels(labels, path, name)
    ((data, options, _),) = reader.read(str(path))
    annotator.imports.use_labels(viewer.add_labels(data, **options))
    table = annotator.objects.table
    assert table.colours == {1: "#010203", 2: "#040506"}
    assert table.name_of(1) == "cat"


def test_random_colours_of_napari_are_not_imported(viewer, annotator):
    mask = np.zeros((H, W), int)
    mask[3, 4] = 5
    annotator.imports.use_labels(viewer.add_labels(mask, scale=(2, 2)))
    assert annotator.objects.table.colours == {}


def test_assigned_colours_are_kept_by_an_import(viewer, annotator):
    annotator.objects.recolour(1, "#0a0b0c")
    mask = np.zeros((H, W), int)
    mask[3, 4] = 1
    layer = viewer.add_labels(mask, scale=(2, 2), colormap={1: "red", None: "k"})
    annotator.imports.use_labels(layer)
    assert annotator.objects.table.colours == {1: "#0a0b0c"}


def test_ids_become_new_objects(viewer, annotator):
    annotator.objects.rename(1, "cell")
    mask = np.zeros((H, W), int)
    mask[3, 4], mask[3, 5] = 1, 70_000
    layer = viewer.add_labels(
        mask, scale=(2, 2), features={"index": [1], "name": ["ball"]}
    )
    annotator.imports.use_labels(layer, new_objects=True)
    table = annotator.objects.table
    assert table.labels == (0, 1, 2, 3, 4)
    assert [table.name_of(label) for label in (1, 3)] == ["cell", "ball"]
    annotator.predict()
    assert viewer.layers["segmentation"].data[0, 3, 4:6].tolist() == [3, 4]
    annotator.undo()
    annotator.undo()
    assert annotator.objects.table.labels == (0, 1, 2)


@pytest.mark.parametrize(
    ("ask", "add"),
    [
        (
            import_dialogs.import_labels,
            lambda v, n: v.add_labels(np.ones((H, W), int), name=n),
        ),
        (import_dialogs.import_shapes, lambda v, n: v.add_points([[0, 5, 6]], name=n)),
    ],
)
def test_selected_layer_is_proposed(qapp, viewer, annotator, monkeypatch, ask, add):
    first, _, last = (add(viewer, name) for name in "abc")
    proposed = []

    def answer(dialog):
        proposed.append(dialog.form["layer"].value)
        return False

    monkeypatch.setattr(import_dialogs.FormDialog, "exec", answer)
    viewer.layers.selection.active = first
    ask(annotator)
    viewer.layers.selection.active = annotator.workspace.strokes
    ask(annotator)
    assert proposed == [first, last]


def labels_dialog(annotator, layer):
    return import_dialogs.LabelsDialog(annotator, [(layer.name, layer)], None)


def test_binary_mask_is_proposed_as_the_active_object(qapp, viewer, annotator):
    mask = np.zeros((H, W), int)
    mask[3, 4] = 255
    dialog = labels_dialog(annotator, viewer.add_labels(mask))
    assert dialog.mapping == {255: 1}
    annotator.active_label.choose(2)
    assert labels_dialog(annotator, dialog.layer.value).mapping == {255: 2}


def test_object_is_chosen_for_each_id(qapp, viewer, annotator):
    stack = np.zeros((T, H, W), int)
    stack[0, 3, 4:8], stack[1, 3, 4] = [2, 40, 41, 70_000], 5
    features = {"index": [40], "name": ["cell"]}
    annotator.objects.rename(2, "cell")
    layer = viewer.add_labels(stack, features=features)
    viewer.dims.set_current_step(0, 0)
    dialog = labels_dialog(annotator, layer)
    assert dialog.mapping == {2: 2, 40: 2, 41: 41, 70_000: 42}
    dialog.objects[41].value = 0
    dialog.objects[2].value = 1
    assert dialog.mapping == {2: 1, 40: 2, 70_000: 3}
    annotator.imports.use_labels(layer, dialog.frame, objects=dialog.mapping)
    annotator.predict()
    labels = viewer.layers["segmentation"].data[0, 3, 4:8]
    assert labels.tolist() == [1, 2, 0, 3]
    dialog.frames.value = import_dialogs.ALL_FRAMES
    assert 5 in dialog.objects


def test_unsuitable_layer_is_explained_in_the_dialog(qapp, viewer, annotator):
    small = viewer.add_labels(np.ones((3, 3), int))
    dialog = labels_dialog(annotator, small)
    assert "must be as large as a frame" in dialog.note.text()
    assert not dialog.use.isEnabled()
    dialog = labels_dialog(annotator, viewer.add_labels(np.zeros((H, W), int)))
    assert dialog.note.text() == "No labels on this frame. Choose others."
    assert not dialog.use.isEnabled()


def test_many_ids_are_mapped_as_a_whole(qapp, viewer, annotator):
    mask = np.arange(H * W).reshape(H, W) % 20
    dialog = labels_dialog(annotator, viewer.add_labels(mask))
    assert dialog.mapping is None
    assert not dialog.numbers.native.isHidden()
    with pytest.raises(ScribbleError, match="Choose an object"):
        annotator.imports.use_labels(dialog.layer.value, objects={3: 0})
