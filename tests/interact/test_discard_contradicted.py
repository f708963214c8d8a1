import numpy as np

from napari_gnn_vos.interact.discard_contradicted import discard_contradicted
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.structures.scribbles import ERASED
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from tests.scenes import line, plain_frame

SHAPE = (7, 4, 16)
FRAMES = [plain_frame(np.arange(64).reshape(4, 16) // 4)] * 7  # 1 x 4 pixels each


def seeds(*rows):
    """Seeds (frame, row, col, label, origin, turn)."""
    table = np.array(rows).reshape(-1, 6).T
    kinds = (np.int32, np.float32, np.float32, np.uint8, np.int32, np.int32)
    return Seeds(*(c.astype(k) for c, k in zip(table, kinds, strict=True)))


def ink_of(*scribbles):
    return paint_scribbles(PaintedPixels.none(), scribbles, SHAPE)


DRAWN = seeds((3, 1, 1, 1, 0, 1), (3, 1, 9, 2, 1, 1))
TRAILS = seeds(
    *((t, 1, 1, 1, 0, 1) for t in (0, 1, 2, 4, 5, 6)),
    *((t, 1, 9, 2, 1, 1) for t in (0, 1, 2, 4, 5, 6)),
)
STROKES = (line(3, 1, (1, 1)), line(3, 2, (1, 9)))


def left(*newer):
    """Origins of the drawn seeds, and frames of either trail, after newer strokes."""
    drawn, propagated = discard_contradicted(
        FRAMES, ink_of(*STROKES, *newer), DRAWN, TRAILS
    )
    frames = [sorted(propagated.frame[propagated.origin == k].tolist()) for k in (0, 1)]
    return drawn.origin.tolist(), *frames


ALL = [0, 1, 2, 4, 5, 6]


def test_nothing_new_takes_nothing_back():
    assert left() == ([0, 1], ALL, ALL)


def test_an_erased_seed_goes_with_its_trail():
    assert left(line(3, ERASED, (1, 1))) == ([1], [], ALL)


def test_a_seed_drawn_over_goes_with_its_trail():
    assert left(line(3, 2, (0, 1), (2, 1))) == ([1], [], ALL)
    assert left(line(3, 0, (1, 1))) == ([1], [], ALL)


def test_a_seed_drawn_again_stays():
    assert left(line(3, 1, (0, 1), (2, 1))) == ([0, 1], ALL, ALL)


def test_erasing_beside_a_seed_leaves_it():
    assert left(line(3, ERASED, (1, 2))) == ([0, 1], ALL, ALL)


def test_a_contradicted_trail_is_cut_from_there_on():
    assert left(line(5, 2, (1, 2))) == ([0, 1], [0, 1, 2, 4], ALL)
    assert left(line(1, 0, (1, 0))) == ([0, 1], [2, 4, 5, 6], ALL)


def test_the_nearest_contradiction_counts_on_either_side():
    both = line(5, 2, (1, 2)), line(6, 2, (1, 2)), line(2, 2, (1, 2))
    assert left(*both) == ([0, 1], [4], ALL)


def test_the_same_label_contradicts_nothing():
    assert left(line(5, 1, (1, 2))) == ([0, 1], ALL, ALL)


def test_a_stroke_on_another_superpixel_contradicts_nothing():
    assert left(line(5, 2, (1, 5))) == ([0, 1], ALL, ALL)


def test_guesses_under_strokes_are_taken_back():
    guessed = seeds((2, 0, 1, 0, 0, 0), (2, 0, 9, 0, 1, 0), (2, 3, 9, 0, 2, 0))
    painted_pixels = ink_of(line(2, 1, (0, 2)), line(2, 0, (0, 10)))
    drawn, _ = discard_contradicted(FRAMES, painted_pixels, guessed, Seeds.none())
    assert drawn.origin.tolist() == [1, 2]  # background over background stays


def test_nothing_at_all():
    drawn, propagated = discard_contradicted(
        FRAMES, PaintedPixels.none(), Seeds.none(), Seeds.none()
    )
    assert len(drawn) == len(propagated) == 0
