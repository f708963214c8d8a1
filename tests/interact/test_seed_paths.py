from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.interact.seed_paths import up_to, while_alike
from napari_gnn_vos.structures.seeds import Seeds
from tests.scenes import plain_frame

NAMES = ("size", "l", "a", "b")
HALVES = np.repeat(np.array([[0] * 4 + [1] * 4]), 4, axis=0)


def seeds(*rows):
    """Seeds (frame, row, col, label, origin)."""
    frame, row, col, label, origin = np.array(rows).reshape(-1, 5).T
    kinds = (np.int32, np.float32, np.float32, np.uint8, np.int32)
    columns = (frame, row, col, label, origin)
    values = [c.astype(k) for c, k in zip(columns, kinds, strict=True)]
    return Seeds(*values, np.ones(len(frame), np.int32))


def coloured(left, right):
    """A frame of two superpixels of given (l, a, b)."""
    frame = plain_frame(HALVES)
    nodes = np.array([[9, *left], [-9, *right]], np.float32)
    return replace(frame, node_features=nodes)


HOME = seeds((2, 1, 1, 1, 4), (2, 1, 6, 2, 7))
TRAILS = seeds(
    *((t, 1, 1, 1, 4) for t in (0, 1, 3, 4)), *((t, 1, 6, 2, 7) for t in (0, 1, 3, 4))
)


def wrong_at(*pairs):
    marked = {(int(f), int(o)) for f, o in pairs}
    at = zip(TRAILS.frame, TRAILS.origin, strict=True)
    return np.array([(int(f), int(o)) in marked for f, o in at])


@pytest.mark.parametrize(
    ("wrong", "first", "second"),
    [
        ([], [0, 1, 3, 4], [0, 1, 3, 4]),
        ([(3, 4)], [0, 1], [0, 1, 3, 4]),
        ([(1, 4), (4, 7)], [3, 4], [0, 1, 3]),
        ([(0, 7), (1, 7), (3, 7)], [0, 1, 3, 4], []),
    ],
)
def test_a_path_ends_where_it_is_first_wrong(wrong, first, second):
    right = TRAILS.take(up_to(wrong_at(*wrong), TRAILS, HOME))
    assert right.frame[right.origin == 4].tolist() == first
    assert right.frame[right.origin == 7].tolist() == second


def test_no_seeds():
    none = Seeds.none()
    assert up_to(np.zeros(0, bool), none, HOME).tolist() == []
    assert len(while_alike([], NAMES, none, HOME, 0.1)) == 0


def kept(frames, most=0.1):
    found = while_alike(frames, NAMES, TRAILS, HOME, most)
    return [found.frame[found.origin == k].tolist() for k in (4, 7)]


def test_a_seed_goes_on_while_the_colour_stays():
    grey = coloured((0.5, 0.5, 0.5), (0.2, 0.5, 0.5))
    assert kept([grey] * 5) == [[0, 1, 3, 4], [0, 1, 3, 4]]


def test_a_seed_stops_where_the_colour_changes_and_does_not_begin_again():
    grey = coloured((0.5, 0.5, 0.5), (0.2, 0.5, 0.5))
    light = coloured((0.62, 0.5, 0.5), (0.2, 0.5, 0.5))
    assert kept([grey, grey, grey, light, grey]) == [[0, 1], [0, 1, 3, 4]]
    assert kept([grey, grey, grey, light, grey], most=0.2)[0] == [0, 1, 3, 4]


def test_hue_counts_more_than_lightness():
    grey = coloured((0.5, 0.5, 0.5), (0.2, 0.5, 0.5))
    tinted = coloured((0.5, 0.56, 0.5), (0.26, 0.5, 0.5))
    assert kept([tinted, grey, grey, grey, grey]) == [[1, 3, 4], [0, 1, 3, 4]]
