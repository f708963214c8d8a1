from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.interact.seed_filtering import (
    discard_contradicted,
    truncate_at_colour_change,
    truncate_tracks,
)
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.structures.scribbles import ERASED
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from tests.interact.seeds import seeds
from tests.scenes import line, plain_frame

NAMES = ("size", "l", "a", "b")
HALVES = np.repeat(np.array([[0] * 4 + [1] * 4]), 4, axis=0)
TWO_SEEDS = seeds((2, 1, 1, 1, 4, 1), (2, 1, 6, 2, 7, 1))
TWO_TRACKS = seeds(
    *((t, 1, 1, 1, 4, 1) for t in (0, 1, 3, 4)),
    *((t, 1, 6, 2, 7, 1) for t in (0, 1, 3, 4)),
)


def coloured(left, right):
    """A frame of two superpixels with given (l, a, b)."""
    features = np.array([[9, *left], [-9, *right]], np.float32)
    return replace(plain_frame(HALVES), node_features=features)


def invalid_at(*pairs):
    """Mask of the seeds with the given frames and origins."""
    keys = zip(TWO_TRACKS.frame.tolist(), TWO_TRACKS.origin.tolist(), strict=True)
    return np.array([key in pairs for key in keys])


@pytest.mark.parametrize(
    ("invalid", "first", "second"),
    [
        ([], [0, 1, 3, 4], [0, 1, 3, 4]),
        ([(3, 4)], [0, 1], [0, 1, 3, 4]),
        ([(1, 4), (4, 7)], [3, 4], [0, 1, 3]),
        ([(0, 7), (1, 7), (3, 7)], [0, 1, 3, 4], []),
    ],
)
def test_track_ends_at_its_first_invalid_seed(invalid, first, second):
    kept = TWO_TRACKS.take(truncate_tracks(invalid_at(*invalid), TWO_TRACKS, TWO_SEEDS))
    assert kept.frame[kept.origin == 4].tolist() == first
    assert kept.frame[kept.origin == 7].tolist() == second


def test_empty_seeds_stay_empty():
    none = Seeds.empty()
    assert truncate_tracks(np.zeros(0, bool), none, TWO_SEEDS).tolist() == []
    assert len(truncate_at_colour_change([], NAMES, none, TWO_SEEDS, 0.1)) == 0


def kept_frames(frames, max_difference=0.1):
    kept = truncate_at_colour_change(
        frames, NAMES, TWO_TRACKS, TWO_SEEDS, max_difference
    )
    return [kept.frame[kept.origin == k].tolist() for k in (4, 7)]


def test_track_continues_at_constant_colour():
    grey = coloured((0.5, 0.5, 0.5), (0.2, 0.5, 0.5))
    assert kept_frames([grey] * 5) == [[0, 1, 3, 4], [0, 1, 3, 4]]


def test_track_ends_at_a_colour_change_and_does_not_resume():
    grey = coloured((0.5, 0.5, 0.5), (0.2, 0.5, 0.5))
    light = coloured((0.62, 0.5, 0.5), (0.2, 0.5, 0.5))
    assert kept_frames([grey, grey, grey, light, grey]) == [[0, 1], [0, 1, 3, 4]]
    assert kept_frames([grey, grey, grey, light, grey], max_difference=0.2)[0] == [
        0,
        1,
        3,
        4,
    ]


def test_chroma_has_more_weight_than_lightness():
    grey = coloured((0.5, 0.5, 0.5), (0.2, 0.5, 0.5))
    tinted = coloured((0.5, 0.56, 0.5), (0.26, 0.5, 0.5))
    assert kept_frames([tinted, grey, grey, grey, grey]) == [[1, 3, 4], [0, 1, 3, 4]]


SHAPE = (7, 4, 16)
FRAMES = [plain_frame(np.arange(64).reshape(4, 16) // 4)] * 7  # 1 x 4 pixels each


def painted(*scribbles):
    return paint_scribbles(PaintedPixels.empty(), scribbles, SHAPE)


DRAWN = seeds((3, 1, 1, 1, 0, 1), (3, 1, 9, 2, 1, 1))
TRACKS = seeds(
    *((t, 1, 1, 1, 0, 1) for t in (0, 1, 2, 4, 5, 6)),
    *((t, 1, 9, 2, 1, 1) for t in (0, 1, 2, 4, 5, 6)),
)
STROKES = (line(3, 1, (1, 1)), line(3, 2, (1, 9)))


def remaining(*newer):
    """Origins of drawn seeds and frames of both tracks after newer strokes."""
    drawn, propagated = discard_contradicted(
        FRAMES, painted(*STROKES, *newer), DRAWN, TRACKS
    )
    frames = [sorted(propagated.frame[propagated.origin == k].tolist()) for k in (0, 1)]
    return drawn.origin.tolist(), *frames


ALL = [0, 1, 2, 4, 5, 6]


def test_seeds_stay_without_new_strokes():
    assert remaining() == ([0, 1], ALL, ALL)


def test_erased_seed_is_discarded_with_its_track():
    assert remaining(line(3, ERASED, (1, 1))) == ([1], [], ALL)


def test_seed_under_another_label_is_discarded_with_its_track():
    assert remaining(line(3, 2, (0, 1), (2, 1))) == ([1], [], ALL)
    assert remaining(line(3, 0, (1, 1))) == ([1], [], ALL)


def test_seed_under_the_same_label_stays():
    assert remaining(line(3, 1, (0, 1), (2, 1))) == ([0, 1], ALL, ALL)


def test_erasing_other_pixels_keeps_a_seed():
    assert remaining(line(3, ERASED, (1, 2))) == ([0, 1], ALL, ALL)


def test_contradicted_track_is_truncated():
    assert remaining(line(5, 2, (1, 2))) == ([0, 1], [0, 1, 2, 4], ALL)
    assert remaining(line(1, 0, (1, 0))) == ([0, 1], [2, 4, 5, 6], ALL)


def test_track_ends_at_the_nearest_contradiction_on_each_side():
    strokes = line(5, 2, (1, 2)), line(6, 2, (1, 2)), line(2, 2, (1, 2))
    assert remaining(*strokes) == ([0, 1], [4], ALL)


def test_stroke_of_the_same_label_does_not_contradict():
    assert remaining(line(5, 1, (1, 2))) == ([0, 1], ALL, ALL)


def test_stroke_on_another_superpixel_does_not_contradict():
    assert remaining(line(5, 2, (1, 5))) == ([0, 1], ALL, ALL)


def test_presumed_background_under_object_strokes_is_discarded():
    presumed = seeds((2, 0, 1, 0, 0, 0), (2, 0, 9, 0, 1, 0), (2, 3, 9, 0, 2, 0))
    painted_pixels = painted(line(2, 1, (0, 2)), line(2, 0, (0, 10)))
    drawn, _ = discard_contradicted(FRAMES, painted_pixels, presumed, Seeds.empty())
    assert drawn.origin.tolist() == [1, 2]  # background over background stays


def test_nothing_is_discarded_from_empty_seeds():
    drawn, propagated = discard_contradicted(
        FRAMES, PaintedPixels.empty(), Seeds.empty(), Seeds.empty()
    )
    assert len(drawn) == len(propagated) == 0
