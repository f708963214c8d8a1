import numpy as np

from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.interact.superpixel_labels import label_superpixels
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from tests.interact.test_discard_contradicted import seeds
from tests.scenes import line, plain_frame

FRAMES = [plain_frame([[0, 0, 1, 1], [2, 2, 3, 3]]), plain_frame([[0, 1, 2, 3]] * 2)]
FIRST = np.array([0, 4, 8])


def node_labels(*scribbles, drawn=None, propagated=None):
    painted_pixels = paint_scribbles(PaintedPixels.none(), scribbles, (2, 2, 4))
    none = Seeds.none()
    return label_superpixels(
        FRAMES, FIRST, painted_pixels, drawn or none, propagated or none
    )


def test_nothing_is_known():
    found = node_labels()
    for known in (found.drawn, found.propagated, found.guessed):
        assert known.tolist() == [-1] * 8


def test_ink_marks_the_superpixels_below():
    found = node_labels(line(0, 2, (1, 1), (1, 2)), line(1, 0, (0, 3)))
    assert found.drawn.tolist() == [-1, -1, 2, 2, -1, -1, -1, 0]


def test_the_newest_seed_wins_whatever_the_order():
    older, newer = (1, 0, 1.2, 1, 0, 1), (1, 1, 0.8, 2, 1, 2)
    for rows in ((older, newer), (newer, older)):
        assert node_labels(propagated=seeds(*rows)).propagated.tolist() == [-1] * 5 + [
            2,
            -1,
            -1,
        ]


def test_ink_beats_seeds_and_guesses():
    some = seeds((0, 0, 0, 3, 0, 1), (0, 1, 3, 3, 1, 1))
    found = node_labels(line(0, 1, (0, 0)), propagated=some)
    assert found.propagated.tolist() == [-1, -1, -1, 3, -1, -1, -1, -1]
    guessed = seeds((0, 0, 0, 0, 0, 0), (0, 1, 3, 0, 1, 0), (1, 0, 0, 1, 2, 1))
    found = node_labels(line(0, 1, (0, 0)), drawn=guessed)
    assert found.guessed.tolist() == [-1, -1, -1, 0, -1, -1, -1, -1]
    assert found.propagated.tolist() == [-1] * 8
