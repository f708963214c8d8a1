from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.io.lazy_frames import KEPT_FRAMES, LazyFrames


class Counting(LazyFrames):
    """Frame t is full of t; remembers what was fetched."""

    def __init__(self, dtype=np.uint8):
        super().__init__((30, 4, 5, 3), np.uint8)
        self.fetched = []
        self.given = dtype

    def _read(self, t):
        self.fetched.append(t)
        return np.full((4, 5, 3), t, self.given)


def test_nothing_is_fetched_before_it_is_asked_for():
    frames = Counting()
    assert (len(frames), frames.ndim, frames.dtype) == (30, 4, np.uint8)
    assert frames.fetched == []


def test_neighbours_are_fetched_once_and_memory_stays_small():
    frames = Counting()
    for t in range(29):
        assert frames[t][0, 0, 0] == t
        assert frames[t + 1][0, 0, 0] == t + 1
    assert frames.fetched == list(range(30))
    assert len(frames._kept) == KEPT_FRAMES


def test_indexing_is_that_of_an_array():
    frames, array = Counting(), np.stack([Counting()[t] for t in range(30)])
    for index in [-1, np.int64(3), slice(2, 9, 3), (4, ..., 0), (slice(3), 1), ...]:
        np.testing.assert_array_equal(frames[index], array[index])
    assert frames[5:5].shape == (0, 4, 5, 3)
    np.testing.assert_array_equal(np.asarray(frames), array)
    with pytest.raises(IndexError, match="frame 30 of 30"):
        frames[30]


def test_a_frame_cannot_be_changed_by_who_reads_it():
    with pytest.raises(ValueError, match="read-only"):
        Counting()[0][0, 0, 0] = 1


def test_a_frame_of_another_type_is_refused():
    with pytest.raises(VideoError, match="frame 2 has uint16"):
        Counting(np.uint16)[2]


def test_threads_may_read_at_the_same_time():
    frames = Counting()
    wanted = np.random.default_rng(0).integers(0, 30, 300).tolist()
    with ThreadPoolExecutor(8) as pool:
        read = pool.map(lambda t: int(frames[t][0, 0, 0]), wanted)
        assert list(read) == wanted
