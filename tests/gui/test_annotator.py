"""The scripting object on a viewer without a screen."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_gnn_vos.controller.layer_metadata import LINES, SEGMENTATION, STROKES
from napari_gnn_vos.controller.palette import colour_of
from napari_gnn_vos.errors import GnnVosError, NoSeedsError, ScribbleError, VideoError
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.layers.label_layers import prediction_layer
from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE, value_of
from tests.controller import fakes

T, H, W = fakes.SHAPE


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def annotator(viewer):
    image = viewer.add_image(np.zeros((T, H, W), np.uint8), name="toy")
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    return annotator


def paint(viewer, frame, row, col):
    layer = viewer.layers[STROKES]
    layer.data_setitem(
        tuple(np.array([i]) for i in (frame, row, col)), layer.selected_label
    )


def test_opening_a_video_creates_a_paintable_layer(viewer, annotator):
    strokes = viewer.layers[STROKES]
    assert viewer.layers.selection.active is strokes
    assert strokes.mode == "paint"
    assert strokes.selected_label == 1
    assert strokes.data.shape == (T, H, W)
    assert len(viewer.layers) == 2


def test_prediction_layer_is_inserted_below_the_strokes(viewer, annotator):
    paint(viewer, 1, 5, 6)
    annotator.predict()
    prediction = viewer.layers[SEGMENTATION]
    assert prediction.data[:, 5, 6].tolist() == [1] * T
    assert [layer.name for layer in viewer.layers] == ["toy", SEGMENTATION, STROKES]
    assert viewer.layers.selection.active.name == STROKES
    assert viewer.layers[STROKES].mode == "paint"


def test_next_prediction_updates_the_same_layer(viewer, annotator):
    paint(viewer, 0, 5, 6)
    annotator.predict()
    prediction = viewer.layers[SEGMENTATION]
    annotator.active_label.choose(0)
    paint(viewer, 2, 5, 6)
    paint(viewer, 2, 7, 7)
    annotator.active_label.choose(2)
    paint(viewer, 2, 8, 8)
    annotator.predict()
    assert viewer.layers[SEGMENTATION] is prediction
    assert prediction.data[0, 8, 8] == 2
    assert prediction.data[0, 7, 7] == 0


def test_background_has_its_own_pixel_value(viewer, annotator):
    annotator.active_label.choose(0)
    paint(viewer, 0, 1, 1)
    assert viewer.layers[STROKES].data[0, 1, 1] == BACKGROUND_VALUE
    np.testing.assert_allclose(
        viewer.layers[STROKES].get_color(BACKGROUND_VALUE), colour_of(0)
    )


def test_strokes_and_prediction_have_equal_colours(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    for label in (1, 2, 50, 254, 256, 32_767):
        colours = [viewer.layers[n].get_color(label) for n in (STROKES, SEGMENTATION)]
        np.testing.assert_allclose(*colours)
        np.testing.assert_allclose(colours[0], colour_of(label), atol=1e-6)


def test_strokes_written_into_the_array_are_read(viewer, annotator):
    viewer.layers[STROKES].data[3, 2, 2] = 4
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[0, 2, 2] == 4


def test_erased_strokes_are_removed_from_the_prediction(viewer, annotator):
    paint(viewer, 0, 1, 1)
    paint(viewer, 0, 2, 2)
    annotator.predict()
    viewer.layers[STROKES].data[0, 1, 1] = 0
    annotator.predict()
    prediction = viewer.layers[SEGMENTATION].data
    assert (prediction[0, 1, 1], prediction[0, 2, 2]) == (0, 1)


def test_lines_are_predicted_like_strokes(viewer, annotator):
    annotator.active_label.choose(2, "lines")
    lines = viewer.layers[LINES]
    assert lines.mode == "add_path"
    lines.add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    assert lines.features["label"].tolist() == [2]
    np.testing.assert_allclose(lines.edge_color[0], colour_of(2), atol=1e-6)
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[0, 3, 3:10].tolist() == [2] * 7
    lines.selected_data = {0}
    lines.remove_selected()
    paint(viewer, 0, 0, 0)
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[0, 3].max() == 0


def test_choosing_a_label_does_not_change_existing_lines(viewer, annotator):
    annotator.active_label.choose(2, "lines")
    lines = viewer.layers[LINES]
    lines.add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    lines.selected_data = {0}
    annotator.active_label.choose(1)
    np.testing.assert_allclose(lines.edge_color[0], colour_of(2), atol=1e-6)
    assert lines.features["label"].tolist() == [2]


def test_undo_removes_strokes_and_prediction_of_the_round(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    annotator.active_label.choose(2, "lines")
    viewer.layers[LINES].add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    annotator.predict()
    strokes_data = viewer.layers[STROKES].data
    strokes_data[0, 9, 9] = 1
    annotator.undo()
    strokes = viewer.layers[STROKES].data
    assert (strokes[0, 1, 1], strokes[0, 9, 9]) == (1, 1)
    assert len(viewer.layers[LINES].data) == 0
    assert viewer.layers[SEGMENTATION].data[0, 3, 3] == 0
    annotator.undo()
    assert viewer.layers[STROKES].data[0, 1, 1] == 0
    assert SEGMENTATION not in viewer.layers
    with pytest.raises(GnnVosError):
        annotator.undo()


def test_redo_restores_strokes_and_prediction(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    paint(viewer, 0, 2, 2)
    annotator.predict()
    annotator.undo()
    annotator.undo()
    strokes = viewer.layers[STROKES].data
    strokes[0, 9, 9] = 1
    for rounds, drawn in ((1, [1, 0, 1]), (2, [1, 1, 1])):
        annotator.redo()
        assert strokes[0, [1, 2, 9], [1, 2, 9]].tolist() == drawn
        shown = viewer.layers[SEGMENTATION].data[0, [1, 2, 9], [1, 2, 9]].tolist()
        assert shown == [1, int(rounds == 2), 0]
    assert not annotator.can_redo
    with pytest.raises(GnnVosError, match="Nothing to redo"):
        annotator.redo()


def test_new_round_clears_the_redo_history(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    annotator.undo()
    assert annotator.can_redo
    paint(viewer, 0, 3, 3)
    annotator.predict()
    assert not annotator.can_redo


def test_undo_restores_cleared_strokes(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    paint(viewer, 0, 2, 2)
    annotator.reset()
    assert not viewer.layers[STROKES].data.any()
    assert SEGMENTATION not in viewer.layers
    annotator.undo()
    assert viewer.layers[STROKES].data[0, [1, 2], [1, 2]].tolist() == [1, 1]
    assert viewer.layers[SEGMENTATION].data[0, 1, 1] == 1
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[0, 2, 2] == 1


def test_undo_restores_strokes_cleared_before_the_first_round(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.reset()
    assert annotator.can_undo
    annotator.undo()
    assert viewer.layers[STROKES].data[0, 1, 1] == 1
    assert not annotator.can_undo


def test_errors_do_not_change_the_layers(viewer, annotator):
    with pytest.raises(NoSeedsError):
        annotator.predict()
    assert [layer.name for layer in viewer.layers] == ["toy", STROKES]
    image = viewer.add_image(np.zeros((8, 9)), name="picture")
    with pytest.raises(VideoError, match="16 pixels"):
        annotator.open(image)
    assert annotator.workspace.image.name == "toy"


def test_deleted_layer_is_created_again_empty(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    viewer.layers.remove(STROKES)
    annotator.active_label.choose(2)
    assert not viewer.layers[STROKES].data.any()
    paint(viewer, 0, 2, 2)
    annotator.predict()
    prediction = viewer.layers[SEGMENTATION].data
    assert (prediction[0, 1, 1], prediction[0, 2, 2]) == (0, 2)


def test_undo_fills_a_deleted_layer_that_can_be_painted_on(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    annotator.reset()
    viewer.layers.remove(STROKES)
    annotator.undo()
    strokes = viewer.layers[STROKES]
    assert strokes.data[0, 1, 1] == 1
    assert strokes.mode == "paint"
    strokes.selected_label = 4
    assert annotator.active_label.label == 4


def test_hidden_strokes_become_visible_when_a_label_is_chosen(viewer, annotator):
    strokes = viewer.layers[STROKES]
    strokes.visible = False
    annotator.active_label.choose(2)
    assert (strokes.visible, strokes.mode) == (True, "paint")


def test_pixels_without_a_value_are_reported_when_a_video_is_chosen(viewer, annotator):
    frames = np.zeros((3, 24, 32), np.float32)
    frames[0, :4] = np.nan
    image = viewer.add_image(frames, name="holes")
    with notification_manager:
        annotator.open(image)
    messages = [str(record.message) for record in notification_manager.records]
    assert messages[-1].startswith("holes: Frame 0 has 128 pixels that are NaN")


def test_labels_layer_is_rejected_as_a_video(viewer, annotator):
    with pytest.raises(VideoError, match="image layer"):
        annotator.open(viewer.layers[STROKES])
    assert annotator.workspace.image.name == "toy"


def test_removing_the_image_layer_closes_the_video(viewer, annotator):
    viewer.layers.remove("toy")
    assert annotator.workspace is None
    with pytest.raises(GnnVosError, match="no video"):
        annotator.predict()


def test_replaced_image_data_starts_a_new_history(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    viewer.layers["toy"].data = np.ones((T, H, W), np.uint8)
    assert not annotator.controller.annotation.prepared
    assert annotator.workspace.video.raw(0).max() == 1
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[0, 1, 1] == 1


def test_each_video_has_its_own_layers(viewer, annotator):
    paint(viewer, 0, 1, 1)
    first = viewer.layers["toy"]
    second = viewer.add_image(np.zeros((2, 16, 18), np.uint8), name="other")
    annotator.open(second)
    assert annotator.workspace.strokes.data.shape == (2, 16, 18)
    annotator.open(first)
    assert annotator.workspace.strokes.data[0, 1, 1] == 1
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data.shape == (T, H, W)


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_covered_video_is_moved_to_the_top_when_chosen(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    second = viewer.add_image(np.zeros((2, 16, 18), np.uint8), name="other")
    annotator.active_label.choose(2)
    assert names(viewer) == ["other", "toy", SEGMENTATION, STROKES]
    assert viewer.layers.selection.active.name == STROKES
    annotator.open(second)
    ours = [SEGMENTATION, STROKES]
    assert names(viewer) == ["toy", *ours, "other", f"{STROKES} [1]"]
    annotator.open(viewer.layers["toy"])
    assert names(viewer) == ["other", f"{STROKES} [1]", "toy", *ours]


def test_layers_below_their_own_video_are_uncovered(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    ours = ["toy", SEGMENTATION, STROKES]
    viewer.layers.move(0, 3)
    annotator.active_label.choose(2)
    assert names(viewer) == ours
    viewer.layers.move(0, 3)
    annotator.open(viewer.layers["toy"])
    assert names(viewer) == ours
    viewer.layers.move(0, 3)
    paint(viewer, 0, 5, 5)
    annotator.predict()
    assert names(viewer) == ours


@pytest.mark.parametrize(
    "options", [{"blending": "additive"}, {"opacity": 0.5}, {"visible": False}]
)
def test_transparent_layers_stay_on_top(viewer, annotator, options):
    viewer.add_image(np.zeros((T, H, W), np.uint8), name="other", **options)
    annotator.active_label.choose(2)
    assert names(viewer) == ["toy", STROKES, "other"]


def test_prediction_is_inserted_above_an_image_below_the_strokes(viewer, annotator):
    viewer.add_image(np.zeros((T, H, W), np.uint8), name="denoised")
    viewer.layers.move(2, 1)
    paint(viewer, 0, 1, 1)
    annotator.predict()
    assert names(viewer) == ["toy", "denoised", SEGMENTATION, STROKES]


def test_strokes_from_a_file_are_used(viewer):
    image = viewer.add_image(np.zeros((T, H, W), np.uint8))
    viewer.add_labels(np.ones((2, H, W), np.uint8), name="strokes of another")
    viewer.add_labels(np.full((T, H, W), 2, np.uint8), name="strokes")
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    assert annotator.workspace.strokes is viewer.layers["strokes"]
    annotator.predict()
    assert (viewer.layers[SEGMENTATION].data == 2).all()


def test_strokes_opened_later_replace_an_empty_layer(viewer, annotator):
    empty = viewer.layers[STROKES]
    saved = np.zeros((T, H, W), np.uint8)
    saved[1, 2, 2:5] = 3
    opened = viewer.add_labels(saved, name=STROKES)
    assert annotator.workspace.strokes is opened
    assert viewer.layers.selection.active is opened
    assert (annotator.active_label.labels[-1], opened.mode, empty.visible) == (
        3,
        "paint",
        False,
    )
    annotator.predict()
    assert (viewer.layers[SEGMENTATION].data[:, 2, 2] == 3).all()


@pytest.mark.parametrize("late", [False, True])
def test_object_names_are_read_from_a_strokes_file(viewer, late):
    image = viewer.add_image(np.zeros((T, H, W), np.uint8))
    annotator, observed_names = Annotator(viewer, fakes.controller()), []
    annotator.active_label.changed.connect(
        lambda: observed_names.append(annotator.active_label.name_of(2))
    )
    if late:
        annotator.open(image)
        annotator.objects.rename(1, "hand")
    saved = np.zeros((T, H, W), np.uint8)
    saved[1, 2, 2:5], saved[1, 5, 2:5] = 1, 2
    features = {"index": [1, 2], "name": ["paw", "ball"]}
    viewer.add_labels(saved, name=STROKES, features=features)
    if not late:
        annotator.open(image)
    assert observed_names[-1] == annotator.active_label.name_of(2) == "ball"
    assert annotator.active_label.name_of(1) == ("hand" if late else "paw")
    table = annotator.workspace.strokes.features
    assert dict(zip(table["index"], table["name"], strict=True))[2] == "ball"


def test_opened_strokes_do_not_replace_existing_ones(viewer, annotator):
    paint(viewer, 0, 1, 1)
    first_layer = viewer.layers[STROKES]
    viewer.add_labels(np.ones((T, H, W), np.uint8), name=STROKES)
    viewer.add_labels(np.ones((T + 1, H, W), np.uint8), name="another")
    assert annotator.workspace.strokes is first_layer
    assert first_layer.visible


def test_contours_are_kept_by_the_next_round(viewer, annotator):
    annotator.display.toggle_contours()  # without a prediction
    paint(viewer, 0, 5, 6)
    annotator.predict()
    annotator.display.toggle_contours()
    assert viewer.layers[SEGMENTATION].contour == 2
    paint(viewer, 0, 9, 9)
    annotator.predict()
    assert viewer.layers[SEGMENTATION].contour == 2
    annotator.display.toggle_contours()
    assert viewer.layers[SEGMENTATION].contour == 0


def test_hidden_prediction_becomes_visible_after_a_round(viewer, annotator):
    paint(viewer, 0, 5, 6)
    annotator.predict()
    viewer.layers[SEGMENTATION].visible = False
    paint(viewer, 1, 7, 8)
    annotator.predict()
    assert viewer.layers[SEGMENTATION].visible


def test_strokes_from_a_file_get_our_colours_and_scale(viewer):
    image = viewer.add_image(np.zeros((T, H, W), np.uint8), scale=(1, 2, 2))
    strokes = viewer.add_labels(np.full((T, H, W), 2), name="strokes")
    Annotator(viewer, fakes.controller()).open(image)
    np.testing.assert_allclose(strokes.get_color(2), colour_of(2), atol=1e-6)
    assert strokes.brush_size == 3
    assert strokes.scale.tolist() == [1, 2, 2]


def test_drawn_objects_are_listed_after_opening(viewer, annotator):
    annotator.active_label.choose(3)
    paint(viewer, 0, 1, 1)
    annotator.active_label.choose(0)
    paint(viewer, 0, 2, 2)
    annotator.active_label.choose(4, "lines")
    viewer.layers[LINES].add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    again = Annotator(viewer, fakes.controller())
    again.open(viewer.layers["toy"])
    assert (again.active_label.labels, again.active_label.label) == ((0, 1, 2, 3, 4), 1)


def test_renamed_strokes_layer_is_still_used(viewer, annotator):
    strokes = viewer.layers[STROKES]
    paint(viewer, 0, 1, 1)
    strokes.name = "mine"
    annotator.active_label.choose(2)
    assert names(viewer) == ["toy", "mine"]
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[0, 1, 1] == 1


def test_renamed_or_copied_prediction_is_not_overwritten(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    kept = viewer.layers[SEGMENTATION]
    kept.name = "first try"
    data, options, _ = kept.as_layer_data_tuple()
    viewer.add_labels(data, **(options | {"name": f"{SEGMENTATION} copy"}))
    annotator.reset()
    annotator.active_label.choose(2)
    paint(viewer, 0, 1, 1)
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[0, 1, 1] == 2
    assert viewer.layers["first try"].data[0, 1, 1] == 1
    assert viewer.layers[f"{SEGMENTATION} copy"].data[0, 1, 1] == 1


def test_duplicate_of_a_prediction_can_be_edited(viewer, annotator):
    from napari.layers._layer_actions import _convert_dtype, _duplicate_layer

    paint(viewer, 0, 1, 1)
    annotator.predict()
    viewer.layers.selection.active = viewer.layers[SEGMENTATION]
    _duplicate_layer(viewer.layers)
    corrected = viewer.layers[f"{SEGMENTATION} copy"]
    assert corrected.editable
    corrected.paint((0, 5, 5), 2)
    assert corrected.data[0, 5, 5] == 2
    assert viewer.layers[SEGMENTATION].data[0, 5, 5] == 0
    viewer.layers.selection.active = viewer.layers[SEGMENTATION]
    _convert_dtype(viewer.layers, mode="int64")
    assert viewer.layers[SEGMENTATION].data[0, 1, 1] == 1


def test_foreign_labels_layer_of_equal_name_is_not_overwritten(viewer, annotator):
    theirs = viewer.add_labels(np.full((T, H, W), 7), name=SEGMENTATION)
    paint(viewer, 0, 1, 1)
    annotator.predict()
    annotator.undo()
    assert (theirs.data == 7).all()
    assert theirs in viewer.layers


def test_last_prediction_stays_when_a_video_is_prepared_again(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    annotator.open(viewer.layers["toy"])
    annotator.prepare()
    assert viewer.layers[SEGMENTATION].data[0, 1, 1] == 1


def test_reopened_video_continues_with_its_history(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    first, strokes = viewer.layers["toy"], annotator.workspace.strokes
    annotator.open(viewer.add_image(np.zeros((T, H, W), np.uint8), name="other"))
    assert not annotator.can_undo
    annotator.open(first)
    strokes.data[0, 2, 2] = 1
    annotator.predict()
    assert annotator.controller.annotation.history.current.rounds == 2
    prediction = annotator.workspace.prediction
    assert prediction.data[0, [1, 2], [1, 2]].tolist() == [1, 1]
    annotator.undo()
    assert prediction.data[0, [1, 2], [1, 2]].tolist() == [1, 0]
    annotator.undo()
    assert not strokes.data.any()
    assert not annotator.can_undo


def test_new_data_or_slice_starts_a_new_history(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    viewer.layers["toy"].data = np.ones((T, H, W), np.uint8)
    assert not annotator.can_undo
    slices = viewer.add_image(np.zeros((T, 3, H, W)), name="slices")
    for place in (0, 1, 0):
        viewer.dims.set_current_step(1, place)
        annotator.open(slices)
        assert not annotator.controller.annotation.prepared
        annotator.prepare()
    annotator.open(slices)
    assert annotator.controller.annotation.prepared


def test_tool_is_kept_for_the_next_video(viewer, annotator):
    annotator.active_label.choose(1, "lines")
    annotator.open(viewer.add_image(np.zeros((2, 16, 18), np.uint8)))
    assert viewer.layers.selection.active is annotator.workspace.lines
    assert annotator.workspace.lines.mode == "add_path"


def test_label_selected_in_the_layer_becomes_active(viewer, annotator):
    viewer.layers[STROKES].selected_label = 5
    assert (annotator.active_label.label, annotator.active_label.labels[-1]) == (5, 5)
    viewer.layers[STROKES].selected_label = BACKGROUND_VALUE
    assert annotator.active_label.label == 0
    viewer.layers[STROKES].selected_label = 0
    assert annotator.active_label.label == 0


@pytest.mark.parametrize("largest", [2, 254, 255, 300])
def test_napari_key_for_the_next_label_ignores_background(viewer, annotator, largest):
    from napari.utils.key_bindings import coerce_keybinding

    annotator.active_label.choose(largest)
    paint(viewer, 1, 4, 4)
    annotator.active_label.choose(0)
    paint(viewer, 0, 1, 1)
    layer = viewer.layers[STROKES]
    layer.keymap[coerce_keybinding("M")](layer)
    assert annotator.active_label.label == largest + 1
    assert layer.selected_label == value_of(largest + 1)
    assert max(annotator.active_label.labels) == largest + 1


def test_key_for_the_next_label_after_the_last_one_is_reported(viewer, annotator):
    from napari.utils.key_bindings import coerce_keybinding

    annotator.active_label.choose(32_767)
    paint(viewer, 0, 1, 1)
    layer = viewer.layers[STROKES]
    layer.keymap[coerce_keybinding("M")](layer)
    assert annotator.active_label.label == 32_767
    assert "32767" in annotator.state.message


def test_label_above_the_maximum_is_rejected(annotator):
    with pytest.raises(ScribbleError, match="32767"):
        annotator.active_label.choose(32_768)


def test_new_object_gets_a_free_number_after_the_last_one_is_used(annotator):
    annotator.active_label.choose(32_767)
    assert annotator.objects.add() == 3


def test_strokes_of_many_objects_have_16_bits_and_keep_the_others(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.active_label.choose(0)
    paint(viewer, 1, 2, 2)
    strokes = viewer.layers[STROKES]
    assert strokes.data.dtype == np.uint8
    for label, value, row in ((254, 254, 3), (255, 32_768, 5), (300, 300, 7)):
        annotator.active_label.choose(label)
        assert viewer.layers[STROKES].selected_label == value
        paint(viewer, 2, row, 3)
        np.testing.assert_allclose(strokes.get_color(value), colour_of(label), 1e-6)
    assert strokes.data.dtype == np.uint16
    assert (strokes.data[0, 1, 1], strokes.data[1, 2, 2]) == (1, BACKGROUND_VALUE)
    annotator.predict()
    labels = viewer.layers[SEGMENTATION].data
    assert [labels[2, row, 3] for row in (3, 5, 7)] == [254, 255, 300]
    np.testing.assert_allclose(
        viewer.layers[SEGMENTATION].get_color(255), colour_of(255), 1e-6
    )
    annotator.undo()
    assert not strokes.data.any()


def test_number_far_above_the_list_adds_one_object(annotator):
    annotator.active_label.choose(9)
    annotator.active_label.choose(5000)
    assert annotator.active_label.labels == (*range(10), 5000)


def test_stepping_through_the_list_is_cyclic(annotator):
    active_labels = []
    for _ in range(4):
        annotator.active_label.step(1)
        active_labels.append(annotator.active_label.label)
    assert active_labels == [2, 0, 1, 2]


@pytest.mark.parametrize("rgb", [False, True])
def test_layers_have_the_scale_position_and_units_of_the_video(viewer, rgb):
    shape = (T, H, W, 3) if rgb else (T, H, W)
    image = viewer.add_image(
        np.zeros(shape, np.uint8),
        rgb=rgb,
        scale=(2, 0.5, 0.25),
        translate=(1, 10, 20),
        axis_labels=("t", "y", "x"),
        units=("s", "um", "um"),
    )
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    annotator.active_label.choose(1, "lines")
    annotator.workspace.strokes.data[0, 1, 1] = 1
    annotator.predict()
    for name in (STROKES, LINES, SEGMENTATION):
        layer = viewer.layers[name]
        assert layer.ndim == 3
        np.testing.assert_array_equal(layer.scale, image.scale)
        np.testing.assert_array_equal(layer.translate, image.translate)
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels


def test_current_slice_of_a_further_axis_is_annotated(viewer):
    data = np.random.default_rng(0).integers(0, 255, (T, 5, H, W), np.uint8)
    image = viewer.add_image(data, scale=(1, 2, 1, 1), translate=(0, 10, 0, 0))
    viewer.dims.set_point(1, 10 + 3 * 2)
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    assert annotator.workspace.axes.fixed == ((1, 3),)
    np.testing.assert_array_equal(annotator.workspace.video.raw(2), data[2, 3])
    assert "slice 3 of axis 1" in annotator.workspace.summary
    strokes = annotator.workspace.strokes
    assert strokes.data.shape == (T, 1, H, W)
    assert strokes.translate[1] == 16
    strokes.data[2, 0, 4, 4] = 1
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[:, 0, 4, 4].tolist() == [1] * T


def test_time_axis_may_be_last(viewer):
    image = viewer.add_image(
        np.zeros((H, W, T), np.uint8), axis_labels=("y", "x", "time")
    )
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    assert annotator.workspace.video.shape == (T, H, W)
    annotator.workspace.strokes.data[4, 5, 1] = 1
    annotator.predict()
    assert viewer.layers[SEGMENTATION].data[4, 5].tolist() == [1] * T


def test_video_in_a_viewer_with_more_axes(viewer):
    viewer.add_image(np.zeros((2, 3, 8, 9)))
    image = viewer.add_image(np.zeros((T, H, W), np.uint8))
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    assert annotator.workspace.strokes.data.shape == (T, H, W)


def test_closing_cancels_the_job_and_disconnects(viewer):
    runner = fakes.ManualRunner()
    image = viewer.add_image(np.zeros((T, H, W), np.uint8))
    annotator = Annotator(viewer, fakes.controller(run=runner))
    annotator.open(image)
    annotator.prepare()
    annotator.close()
    assert runner.stopped == 1
    viewer.layers.clear()
    runner.finish()


# -- partial results


@pytest.fixture
def stepwise(viewer):
    image = viewer.add_image(np.zeros((T, H, W), np.uint8), name="toy")
    runner = fakes.StepRunner()
    annotator = Annotator(viewer, fakes.controller(run=runner))
    annotator.open(image)
    annotator.prepare()
    runner.finish()
    return annotator, runner


def run_to_partial_result(runner):
    runner.step()  # "predict 0 of 1"
    runner.step()


def test_frame_on_screen_is_shown_before_the_result(viewer, stepwise):
    annotator, runner = stepwise
    viewer.dims.set_point(0, 2)
    paint(viewer, 0, 5, 6)
    annotator.predict()
    run_to_partial_result(runner)
    prediction = viewer.layers[SEGMENTATION]
    assert prediction.data[:, 5, 6].tolist() == [0, 0, 1, 0]
    runner.finish()
    assert viewer.layers[SEGMENTATION] is prediction
    assert prediction.data[:, 5, 6].tolist() == [1] * T


def test_partial_result_is_removed_when_the_job_is_cancelled(viewer, stepwise):
    annotator, runner = stepwise
    paint(viewer, 0, 5, 6)
    annotator.predict()
    runner.finish()
    paint(viewer, 0, 8, 9)
    viewer.dims.set_point(0, 3)
    annotator.predict()
    run_to_partial_result(runner)
    prediction = viewer.layers[SEGMENTATION]
    assert prediction.data[:, 8, 9].tolist() == [0, 0, 0, 1]
    assert prediction.data[:, 5, 6].tolist() == [1] * T
    annotator.cancel()
    runner.step()
    assert prediction.data[:, 8, 9].tolist() == [0] * T
    assert prediction.data[:, 5, 6].tolist() == [1] * T


def test_cancelled_first_round_leaves_no_layer(viewer, stepwise):
    annotator, runner = stepwise
    paint(viewer, 0, 5, 6)
    annotator.predict()
    run_to_partial_result(runner)
    assert SEGMENTATION in viewer.layers
    annotator.cancel()
    runner.step()
    assert SEGMENTATION not in viewer.layers


@pytest.mark.parametrize("clear", [Annotator.reset, lambda it: it.objects.remove(1)])
def test_earlier_prediction_is_restored_when_the_first_round_is_cancelled(
    viewer, stepwise, clear
):
    old = np.zeros((T, H, W), np.uint8)
    old[:, 2, 2] = 3
    annotator, runner = stepwise
    image = viewer.layers["toy"]
    viewer.add_layer(prediction_layer(image, annotator.workspace.axes, old))
    paint(viewer, 0, 5, 6)
    annotator.predict()
    run_to_partial_result(runner)
    prediction = viewer.layers[SEGMENTATION]
    assert (prediction.data[:, 5, 6] == 1).any()
    annotator.cancel()
    runner.step()
    np.testing.assert_array_equal(prediction.data, old)
    annotator.predict()
    runner.finish()
    assert prediction.data[0, 5, 6] == 1
    clear(annotator)
    assert SEGMENTATION not in viewer.layers


def test_frame_on_screen_is_prepared_first(viewer):
    image = viewer.add_image(np.zeros((T, H, W), np.uint8), name="toy")
    first_frames = []

    def prepare(video, frame, quality):
        first_frames.append(frame)
        return (yield from fakes.prepare(video))

    annotator = Annotator(viewer, fakes.controller(prepare=prepare))
    annotator.open(image)
    viewer.dims.set_point(0, 3)
    annotator.prepare()
    assert first_frames == [3]


# -- outside the video


@pytest.fixture
def sliced(viewer):
    """An annotator on channel 0 of two, with an object that is already painted."""
    image = viewer.add_image(np.zeros((T, 2, H, W), np.uint8), name="stained")
    viewer.dims.set_point(1, 0)
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    annotator.workspace.strokes.data[0, 0, 5, 6] = 1
    return annotator


def record_messages(annotator):
    messages = []
    annotator.controller.message.connect(messages.append)
    return messages


def test_strokes_are_locked_on_another_slice(viewer, sliced):
    messages, strokes = record_messages(sliced), sliced.workspace.strokes
    viewer.dims.set_point(1, 1)
    assert (strokes.editable, strokes.mode) == (False, "pan_zoom")
    assert "Go to slice 0 of axis 1" in messages[-1]
    sliced.active_label.choose(2)
    assert strokes.mode == "pan_zoom"
    viewer.dims.set_point(1, 0)
    assert (strokes.editable, strokes.mode) == (True, "paint")
    assert strokes.selected_label == 2
    assert "slice 0 of axis 1" in messages[-1]
    assert len(messages) == 2


def test_each_slice_has_its_own_strokes(viewer, sliced):
    first = sliced.workspace.strokes
    viewer.dims.set_point(1, 1)
    sliced.open(viewer.layers["stained"])
    second = sliced.workspace.strokes
    assert second is not first
    assert first.editable
    assert (second.editable, second.mode) == (True, "paint")
    assert not second.data.any()
    viewer.dims.set_point(1, 0)
    sliced.open(viewer.layers["stained"])
    assert sliced.workspace.strokes is first


def test_strokes_are_locked_after_the_last_frame(viewer, annotator):
    messages, strokes = record_messages(annotator), viewer.layers[STROKES]
    viewer.add_image(np.zeros((T + 3, H, W), np.uint8), name="longer")
    strokes.mode = "erase"
    viewer.dims.set_point(0, T + 1)
    assert not strokes.editable
    assert f"frames are 0 to {T - 1}" in messages[-1]
    viewer.dims.ndisplay = 3
    assert strokes.editable
    viewer.dims.ndisplay = 2
    assert not strokes.editable
    viewer.dims.set_point(0, 1)
    assert strokes.mode == "erase"


def test_opening_a_video_moves_to_its_nearest_frame(viewer, annotator):
    longer = viewer.add_image(
        np.zeros((3 * T, H, W), np.uint8), scale=(2, 1, 1), name="longer"
    )
    viewer.dims.set_point(0, 6 * T - 2)
    annotator.open(viewer.layers["toy"])
    assert viewer.dims.point[0] == T - 1
    assert viewer.layers[STROKES].mode == "paint"
    annotator.open(longer)
    assert viewer.dims.point[0] == T - 1
    assert annotator.workspace.strokes.mode == "paint"


def test_lines_chosen_outside_the_video_are_unlocked_later(viewer, sliced):
    viewer.dims.set_point(1, 1)
    sliced.active_label.choose(1, "lines")
    lines = sliced.workspace.lines
    assert not lines.editable
    viewer.dims.set_point(1, 0)
    assert lines.mode == "add_path"


def test_closing_unlocks_the_strokes(viewer, sliced):
    strokes = sliced.workspace.strokes
    viewer.dims.set_point(1, 1)
    sliced.close()
    assert strokes.editable
    viewer.dims.set_point(1, 0)
    viewer.dims.set_point(1, 1)
    assert strokes.editable


def test_viewer_goes_to_the_most_uncertain_frame(viewer, annotator):
    with pytest.raises(GnnVosError, match="no prediction"):
        annotator.go_to_most_uncertain_frame()
    paint(viewer, 0, 1, 1)
    annotator.predict()
    assert annotator.go_to_most_uncertain_frame() == T - 1
    assert viewer.dims.current_step[0] == T - 1
    annotator.go_to_most_uncertain_frame()
    assert viewer.dims.current_step[0] in (1, 2)


def test_undo_restores_a_removed_object_and_its_prediction(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.active_label.choose(2)
    paint(viewer, 1, 2, 2)
    annotator.predict()
    paint(viewer, 1, 3, 3)  # same object, not predicted yet
    annotator.objects.remove(2)
    assert annotator.active_label.labels == (0, 1)
    prediction, strokes = viewer.layers[SEGMENTATION], viewer.layers[STROKES]
    assert np.unique(prediction.data).tolist() == [0, 1]
    assert np.unique(strokes.data).tolist() == [0, 1]
    annotator.undo()
    assert np.unique(prediction.data).tolist() == [0, 1, 2]
    assert strokes.data[1, [2, 3], [2, 3]].tolist() == [2, 2]
    assert annotator.active_label.labels == (0, 1, 2)
    annotator.redo()
    assert np.unique(strokes.data).tolist() == [0, 1]
    assert np.unique(prediction.data).tolist() == [0, 1]


def test_removing_the_last_object_removes_the_prediction(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.active_label.choose(0)
    paint(viewer, 0, 5, 5)
    annotator.predict()
    annotator.objects.remove(1)
    assert SEGMENTATION not in viewer.layers
    assert viewer.layers[STROKES].data[0, 5, 5] == BACKGROUND_VALUE
    annotator.undo()
    assert viewer.layers[SEGMENTATION].data[0, 1, 1] == 1
    assert viewer.layers[STROKES].data[0, 1, 1] == 1


def test_undo_restores_a_removed_object_without_prediction(viewer, annotator):
    annotator.active_label.choose(2, "lines")
    viewer.layers[LINES].add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    annotator.active_label.choose(1, "brush")
    paint(viewer, 0, 1, 1)
    annotator.objects.remove(2)
    assert viewer.layers[LINES].nshapes == 0
    assert annotator.active_label.labels == (0, 1)
    assert annotator.can_undo
    annotator.undo()
    assert viewer.layers[LINES].nshapes == 1
    assert viewer.layers[STROKES].data[0, 1, 1] == 1
    assert annotator.active_label.labels == (0, 1, 2)
    assert not annotator.can_undo


def test_removal_of_an_object_without_strokes_can_be_undone(annotator):
    annotator.objects.remove(2)
    assert annotator.active_label.labels == (0, 1)
    annotator.undo()
    assert annotator.active_label.labels == (0, 1, 2)
    annotator.redo()
    assert annotator.active_label.labels == (0, 1)
    with pytest.raises(ScribbleError, match="no object 2"):
        annotator.objects.remove(2)
    with pytest.raises(ScribbleError, match="not an object"):
        annotator.objects.remove(0)
    annotator.objects.remove(1)
    assert annotator.active_label.label == 0
    assert annotator.objects.add() == 1


def test_object_names_are_stored_with_the_video_and_shown_by_napari(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    annotator.objects.rename(1, " ball ")
    assert annotator.active_label.name_of(1) == "ball"
    prediction = viewer.layers[SEGMENTATION]
    assert "ball" in prediction.get_status((0, 1, 1))["coordinates"]
    again = Annotator(viewer, fakes.controller())
    again.open(viewer.layers["toy"])
    assert again.active_label.name_of(1) == "ball"
    again.open(viewer.add_image(np.zeros((T, H, W)), name="other"))
    assert again.active_label.name_of(1) == "Object 1"
    annotator.objects.rename(1, "")
    assert annotator.active_label.name_of(1) == "Object 1"
    with pytest.raises(ScribbleError, match="not an object"):
        annotator.objects.rename(0, "ground")


def test_undo_is_rejected_during_a_job(viewer, stepwise):
    annotator, runner = stepwise
    viewer.layers[STROKES].data[0, [1, 5], [1, 5]] = 1, 2
    annotator.predict()
    runner.finish()
    annotator.objects.remove(2)  # labels again
    assert not annotator.can_undo
    with pytest.raises(GnnVosError, match="under way"):
        annotator.undo()
    runner.finish()
    assert annotator.can_undo
    annotator.undo()
    assert viewer.layers[STROKES].data[0, 5, 5] == 2


def test_deprecated_names_warn_and_work(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    with pytest.warns(DeprecationWarning, match="'active_label'"):
        assert annotator.pen is annotator.active_label
    with pytest.warns(DeprecationWarning, match="'auto_predict'"):
        assert annotator.live is annotator.auto_predict
    with pytest.warns(DeprecationWarning, match="'go_to_most_uncertain_frame'"):
        assert annotator.look() == T - 1
    with pytest.warns(DeprecationWarning, match="'prediction'"):
        assert annotator.workspace.answer is viewer.layers[SEGMENTATION]


def test_state_tells_whether_there_are_images(viewer):
    annotator, changes = Annotator(viewer, fakes.controller()), []
    annotator.state_changed.connect(lambda: changes.append(annotator.state))
    assert not annotator.state.images_available
    image = viewer.add_image(np.zeros((T, H, W), np.uint8))
    assert changes[-1].images_available
    annotator.open(image)
    assert changes[-1].image is image
    viewer.layers.clear()
    assert not changes[-1].images_available
    assert not changes[-1].video_open


def test_renamed_strokes_are_found_after_another_video_was_open(viewer, annotator):
    paint(viewer, 0, 1, 1)
    viewer.layers[STROKES].name = "mine"
    second = viewer.add_image(np.zeros((2, 16, 18), np.uint8), name="other")
    annotator.open(second)
    annotator.open(viewer.layers["toy"])
    assert annotator.workspace.strokes is viewer.layers["mine"]
    assert sorted(names(viewer)) == ["mine", "other", STROKES, "toy"]


@pytest.mark.parametrize("predicted", [False, True])
def test_removed_video_leaves_none_of_its_layers(viewer, annotator, predicted):
    second = viewer.add_image(np.zeros((2, 16, 18), np.uint8), name="other")
    annotator.use_lines()
    paint(viewer, 0, 1, 1)
    if predicted:
        annotator.predict()
    viewer.layers.remove("toy")
    assert list(viewer.layers) == [second]


def test_removed_video_that_is_not_open_leaves_none_of_its_layers(viewer, annotator):
    annotator.open(viewer.add_image(np.zeros((2, 16, 18), np.uint8), name="other"))
    viewer.layers.remove("toy")
    assert names(viewer) == ["other", f"{STROKES} [1]"]


def test_all_layers_can_be_cleared(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    viewer.layers.clear()
    assert not viewer.layers
    assert not annotator.state.video_open


@pytest.mark.parametrize("answer", [True, False])
def test_filling_empty_space_is_confirmed(viewer, annotator, answer):
    questions = []
    annotator.confirm = lambda text: questions.append(text) or answer
    strokes = viewer.layers[STROKES]
    strokes.mode = "fill"
    with strokes.block_history():
        strokes.fill((0, 5, 5), 1)
    assert questions == ["Fill 100% of this frame with Object 1?"]
    assert strokes.data[0].all() == strokes.data[0].any() == answer
    assert annotator.state.unpredicted == answer


def test_filling_a_drawn_outline_is_not_confirmed(viewer, annotator):
    annotator.confirm = None
    strokes = viewer.layers[STROKES]
    strokes.data[0, 2:6, 2:6] = 1
    strokes.data[0, 3:5, 3:5] = 0
    strokes.mode = "fill"
    with strokes.block_history():
        strokes.fill((0, 3, 3), 1)
    assert strokes.data[0, 2:6, 2:6].all()
    assert annotator.state.unpredicted


def test_tool_is_inactive_while_another_layer_is_active(viewer, annotator):
    annotator.use_brush()
    assert annotator.state.tool_active
    viewer.layers.selection.active = viewer.layers["toy"]
    assert not annotator.state.tool_active
    annotator.active_label.choose(annotator.active_label.label)
    assert annotator.state.tool_active


def paint_prediction(viewer, label, row, frame=0):
    layer = viewer.layers[SEGMENTATION]
    layer.brush_size = 1
    viewer.dims.set_current_step(0, frame)
    with layer.block_history():
        layer.paint((frame, row, 5), label)


@pytest.fixture
def predicted(viewer, annotator):
    paint(viewer, 0, 1, 1)
    annotator.predict()
    return annotator


def test_painting_on_the_prediction_is_a_stroke(viewer, predicted):
    strokes = viewer.layers[STROKES]
    paint_prediction(viewer, 2, row=7, frame=1)
    assert strokes.data[1, 7, 5] == 2
    assert viewer.layers[SEGMENTATION].data[1, 7, 5] == 2
    assert predicted.state.next_action == "predict"
    predicted.predict()
    assert viewer.layers[SEGMENTATION].data[0, 7, 5] == 2


def test_erasing_the_prediction_is_a_background_stroke(viewer, predicted):
    layer = viewer.layers[SEGMENTATION]
    with layer.block_history():
        layer.fill((2, 1, 1), 0)
    assert viewer.layers[STROKES].data[2, 1, 1] == BACKGROUND_VALUE
    assert viewer.layers[STROKES].data[0, 1, 1] == 1
    assert not layer.data[2, 1, 1]


def test_painting_does_not_change_the_history(viewer, predicted):
    packed = predicted.controller.annotation.history.current.session.packed_labels
    paint_prediction(viewer, 2, row=7)
    assert not packed[0, 7, 5]
    predicted.predict()
    predicted.undo()
    assert not viewer.layers[SEGMENTATION].data[0, 7, 5]
    assert not viewer.layers[STROKES].data[0, 7, 5]
    predicted.redo()
    assert viewer.layers[STROKES].data[0, 7, 5] == 2


def test_napari_undo_on_the_prediction_undoes_the_stroke(viewer, predicted):
    from napari.utils.key_bindings import coerce_keybinding

    layer, strokes = viewer.layers[SEGMENTATION], viewer.layers[STROKES]
    paint_prediction(viewer, 2, row=7)
    paint_prediction(viewer, 2, row=9)
    layer.keymap[coerce_keybinding("Control-Z")](layer)
    assert strokes.data[0, [1, 7, 9], [1, 5, 5]].tolist() == [1, 2, 0]
    assert layer.data[0, [7, 9], [5, 5]].tolist() == [2, 0]
    layer.keymap[coerce_keybinding("Control-Shift-Z")](layer)
    assert strokes.data[0, 9, 5] == layer.data[0, 9, 5] == 2


def test_prediction_of_another_time_axis_can_be_painted(viewer):
    image = viewer.add_image(np.zeros((16, 18, 3)), axis_labels=("y", "x", "t"))
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    viewer.layers[STROKES].data[1, 1, 0] = 1
    annotator.predict()
    layer = viewer.layers[SEGMENTATION]
    layer.brush_size = 1
    with layer.block_history():
        layer.data_setitem((np.array([4]), np.array([6]), np.array([2])), 2)
    assert viewer.layers[STROKES].data[4, 6, 2] == 2


def test_painting_on_the_prediction_is_followed_by_a_prediction(viewer, predicted):
    predicted.auto_predict.enabled = True
    paint_prediction(viewer, 2, row=7)
    assert viewer.layers[SEGMENTATION].data[3, 7, 5] == 2


def test_accepted_frame_is_annotation_and_is_undone(viewer, predicted):
    assert predicted.toggle_accepted(2)
    assert predicted.state.accepted == (2,)
    assert predicted.state.message == "Frame 2 is accepted"
    predicted.predict()
    scribbles = predicted.controller.annotation.history.current.session.rounds[-1]
    assert {(s.frame, s.label) for s in scribbles} == {(2, 0), (2, 1)}
    assert sum(len(s.path) for s in scribbles) == H * W
    predicted.undo()
    predicted.undo()
    assert predicted.state.accepted == ()
    predicted.redo()
    assert predicted.state.accepted == (2,)


def test_key_accepts_the_frame_on_screen_and_releases_it_again(viewer, predicted):
    viewer.dims.set_current_step(0, 1)
    assert predicted.toggle_accepted()
    assert predicted.state.accepted == (1,)
    assert not predicted.toggle_accepted()
    assert predicted.state.accepted == ()


def test_accepted_frame_contains_newer_strokes(viewer, predicted):
    viewer.layers[STROKES].data[2, 9, 9] = 2
    predicted.toggle_accepted(2)
    canvas = predicted.controller.annotation.read().accepted[2]
    assert (canvas[9, 9], canvas[1, 1], canvas[0, 0]) == (2, 1, BACKGROUND_VALUE)


def test_frame_without_prediction_cannot_be_accepted(annotator):
    with pytest.raises(GnnVosError, match="no prediction"):
        annotator.toggle_accepted(0)


def test_accepted_frames_are_not_suggested(viewer, predicted):
    for frame in (1, 2, 3):
        predicted.toggle_accepted(frame)
    with pytest.raises(GnnVosError, match="Every frame"):
        predicted.go_to_most_uncertain_frame()


def test_labels_of_another_program_become_annotation(viewer, annotator):
    masks = np.zeros((T, H, W), np.int32)
    masks[1, 2:5, 2:5], masks[1, 8:10, 2:5] = 7, 40_000
    layer = viewer.add_labels(masks, features={"index": [7], "name": ["ball"]})
    annotator.imports.use_labels(layer)
    assert annotator.state.accepted == (1,)
    assert annotator.active_label.name_of(1) == "ball"
    annotator.predict()
    prediction = viewer.layers[SEGMENTATION].data[0]
    assert np.array_equal(prediction == 1, masks[1] == 7)
    assert np.array_equal(prediction == 2, masks[1] == 40_000)
    annotator.undo()
    annotator.undo()
    assert annotator.state.accepted == ()


def test_mask_of_one_frame_belongs_to_the_frame_on_screen(viewer, annotator):
    mask = np.zeros((H, W), int)
    mask[3, 4] = 5
    viewer.dims.set_current_step(0, 2)
    annotator.imports.use_labels(viewer.add_labels(mask, name="from a file"))
    assert annotator.state.accepted == (2,)
    assert 5 in annotator.active_label.labels


def test_labels_of_another_size_are_rejected(viewer, annotator):
    with pytest.raises(ScribbleError, match="as large as"):
        annotator.imports.use_labels(viewer.add_labels(np.ones((3, 4), int)))
    with pytest.raises(ScribbleError, match="have 0"):
        annotator.imports.use_labels(viewer.add_labels(np.zeros((T, H, W), int)))


def test_tool_of_the_segmentation_layer_is_kept_after_a_round(viewer, predicted):
    layer = viewer.layers[SEGMENTATION]
    viewer.layers.selection.active, layer.mode = layer, "paint"
    layer.paint((0, 12, 12), 2)
    predicted.predict()
    assert (viewer.layers.selection.active, layer.mode) == (layer, "paint")
    layer.visible = False
    layer.paint((0, 14, 14), 2)
    predicted.predict()
    assert layer.visible


def test_selecting_a_label_does_not_draw_the_strokes_again(viewer, annotator):
    strokes, drawn = viewer.layers[STROKES], []
    strokes.events.set_data.connect(drawn.append)
    annotator.active_label.choose(2)
    assert strokes.selected_label == 2
    assert not drawn
    strokes.visible = False
    annotator.active_label.choose(1)
    assert strokes.visible


def test_closed_annotator_announces_no_state(annotator):
    annotator.auto_predict.enabled = True
    announced = []
    annotator.state_changed.connect(lambda: announced.append(1))
    annotator.close()
    assert announced == []
