import numpy as np
import pytest

from napari_gnn_vos.structures import cached_sequence
from napari_gnn_vos.structures.cached_sequence import CachedSequence


@pytest.fixture
def read():
    calls = []

    def read(index):
        calls.append(index)
        return np.int64(index * 10)  # 8 bytes

    read.calls = calls
    return read


def test_item_is_read_once(read):
    items = CachedSequence(read, 5)
    assert read.calls == []
    assert [items[3], items[3], items[-2]] == [30, 30, 30]
    assert read.calls == [3]


def test_length_slices_and_bounds(read):
    items = CachedSequence(read, 5)
    assert len(items) == 5
    assert items[1:4] == [10, 20, 30]
    assert list(items) == [0, 10, 20, 30, 40]
    with pytest.raises(IndexError):
        items[5]


def test_cache_is_limited(read, monkeypatch):
    monkeypatch.setattr(cached_sequence, "CACHE_BYTES", 2 * 8)
    items = CachedSequence(read, 5)
    assert list(items) == [0, 10, 20, 30, 40]
    assert len(items._cache) == 2
    assert items[4] == 40
    assert read.calls == [0, 1, 2, 3, 4]  # the newest item is cached


def test_item_larger_than_the_cache_is_cached_alone(read, monkeypatch):
    monkeypatch.setattr(cached_sequence, "CACHE_BYTES", 1)
    items = CachedSequence(read, 5)
    assert [items[0], items[1], items[1]] == [0, 10, 10]
    assert read.calls == [0, 1]


def test_repeated_passes_have_cache_hits(read, monkeypatch):
    monkeypatch.setattr(cached_sequence, "CACHE_BYTES", 100 * 8)
    items = CachedSequence(read, 125)
    for _ in range(20):
        assert list(items) == list(range(0, 10 * len(items), 10))
    assert len(read.calls) < 20 * len(items) * 0.65


def test_adopt_moves_cached_items(read):
    items, target = CachedSequence(read, 5), CachedSequence(read, 5)
    assert items[1:4] == [10, 20, 30]
    target.take_items_from(items, exclude={2})
    read.calls.clear()
    assert target[1:4] == [10, 20, 30]
    assert read.calls == [2]
    assert not items._cache
    assert items[1] == 10
