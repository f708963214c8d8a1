import numpy as np

from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.interact.superpixel_labels import label_superpixels
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from tests.interact.seeds import seeds
from tests.scenes import line, plain_frame

FRAMES = [plain_frame([[0, 0, 1, 1], [2, 2, 3, 3]]), plain_frame([[0, 1, 2, 3]] * 2)]
OFFSETS = np.array([0, 4, 8])


def node_labels(*scribbles, drawn=None, propagated=None):
    painted_pixels = paint_scribbles(PaintedPixels.empty(), scribbles, (2, 2, 4))
    none = Seeds.empty()
    return label_superpixels(
        FRAMES, OFFSETS, painted_pixels, drawn or none, propagated or none
    )


def test_no_labels_without_strokes():
    known = node_labels()
    for labels in (known.drawn, known.propagated, known.presumed):
        assert labels.tolist() == [-1] * 8


def test_strokes_label_superpixels():
    known = node_labels(line(0, 2, (1, 1), (1, 2)), line(1, 0, (0, 3)))
    assert known.drawn.tolist() == [-1, -1, 2, 2, -1, -1, -1, 0]


def test_newest_seed_wins_in_any_order():
    older, newer = (1, 0, 1.2, 1, 0, 1), (1, 1, 0.8, 2, 1, 2)
    for rows in ((older, newer), (newer, older)):
        known = node_labels(propagated=seeds(*rows))
        assert known.propagated.tolist() == [-1] * 5 + [2, -1, -1]


def test_strokes_override_propagated_and_presumed_labels():
    propagated = seeds((0, 0, 0, 3, 0, 1), (0, 1, 3, 3, 1, 1))
    known = node_labels(line(0, 1, (0, 0)), propagated=propagated)
    assert known.propagated.tolist() == [-1, -1, -1, 3, -1, -1, -1, -1]
    presumed = seeds((0, 0, 0, 0, 0, 0), (0, 1, 3, 0, 1, 0), (1, 0, 0, 1, 2, 1))
    known = node_labels(line(0, 1, (0, 0)), drawn=presumed)
    assert known.presumed.tolist() == [-1, -1, -1, 0, -1, -1, -1, -1]
    assert known.propagated.tolist() == [-1] * 8
