from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.io.readers.lazy_frames import CACHED_FRAMES, LazyFrames


class CountingFrames(LazyFrames):
    """Frame t has the value t; records the frames that were read."""

    def __init__(self, dtype=np.uint8):
        super().__init__((30, 4, 5, 3), np.uint8)
        self.reads = []
        self.frame_dtype = dtype

    def _read(self, t):
        self.reads.append(t)
        return np.full((4, 5, 3), t, self.frame_dtype)


def test_no_frame_is_read_before_access():
    frames = CountingFrames()
    assert (len(frames), frames.ndim, frames.dtype) == (30, 4, np.uint8)
    assert frames.reads == []


def test_frames_are_read_once_and_the_cache_is_bounded():
    frames = CountingFrames()
    for t in range(29):
        assert frames[t][0, 0, 0] == t
        assert frames[t + 1][0, 0, 0] == t + 1
    assert frames.reads == list(range(30))
    assert len(frames._cache) == CACHED_FRAMES


def test_indexing_follows_numpy():
    frames, array = CountingFrames(), np.stack([CountingFrames()[t] for t in range(30)])
    for index in [-1, np.int64(3), slice(2, 9, 3), (4, ..., 0), (slice(3), 1), ...]:
        np.testing.assert_array_equal(frames[index], array[index])
    assert frames[5:5].shape == (0, 4, 5, 3)
    np.testing.assert_array_equal(np.asarray(frames), array)
    with pytest.raises(IndexError, match="frame 30 of 30"):
        frames[30]


def test_frames_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        CountingFrames()[0][0, 0, 0] = 1


def test_frame_of_another_type_is_refused():
    with pytest.raises(VideoError, match="frame 2 has uint16"):
        CountingFrames(np.uint16)[2]


def test_threads_may_read_concurrently():
    frames = CountingFrames()
    indices = np.random.default_rng(0).integers(0, 30, 300).tolist()
    with ThreadPoolExecutor(8) as pool:
        read = pool.map(lambda t: int(frames[t][0, 0, 0]), indices)
        assert list(read) == indices
