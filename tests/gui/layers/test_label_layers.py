import numpy as np
from napari.components import ViewerModel

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_arrays import ComputedLabels
from napari_gnn_vos.gui.layers.label_layers import ComputedLayer
from napari_gnn_vos.gui.tools.display import neighbour_contours

SHAPE = (3, 4, 5)


def compute(frame):
    labels = np.zeros(SHAPE[1:], int)
    labels[frame, frame] = frame + 1
    return labels


def test_only_the_shown_frame_is_computed():
    frames = []
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros(SHAPE, np.uint8))
    viewer.dims.set_current_step(0, 1)

    def count(frame):
        frames.append(frame)
        return compute(frame)

    data = ComputedLabels(count, SHAPE, Axes(), np.uint8)
    layer = ComputedLayer(viewer, image, data, Axes(), "computed", {"contour": 1})
    layer.show()
    assert 1 in frames
    assert 2 not in frames
    assert (layer.shown, layer.layer.contour, layer.layer.editable) == (True, 1, False)
    assert viewer.layers.selection.active is image
    viewer.dims.set_current_step(0, 2)
    assert 2 in frames
    layer.show(False)
    assert not layer.shown
    hidden, computed = layer.layer, len(frames)
    viewer.dims.set_current_step(0, 0)
    assert len(frames) == computed
    layer.show()
    assert layer.layer is hidden
    assert frames[computed:] == [0]
    viewer.layers.remove(layer.layer)  # by the user
    assert not layer.shown
    layer.refresh()
    layer.show()
    layer.leave()
    assert list(viewer.layers) == [image]


def test_contours_of_the_next_frame_are_dotted():
    before, after = np.zeros((20, 30), np.uint8), np.zeros((20, 30), np.uint8)
    before[5:15, 3:10], after[5:15, 18:28] = 1, 2
    contours = neighbour_contours(before, after, before.shape)
    left, right = contours[:, :14], contours[:, 14:]
    assert np.unique(left).tolist() == [0, 1]
    assert np.unique(right).tolist() == [0, 2]
    assert left[5, 3] == left[4, 5] == 1  # two pixels wide
    assert not left[8:12, 5:8].any()
    assert (
        0.3
        < (right > 0).sum() / (neighbour_contours(after, None, (20, 30)) > 0).sum()
        < 0.7
    )
    assert not neighbour_contours(None, None, (20, 30)).any()
