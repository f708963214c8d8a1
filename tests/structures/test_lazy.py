import pytest

from napari_gnn_vos.structures import lazy
from napari_gnn_vos.structures.lazy import Lazy


@pytest.fixture
def read():
    calls = []

    def read(index):
        calls.append(index)
        return index * 10

    read.calls = calls
    return read


def test_an_item_is_read_once(read):
    items = Lazy(read, 5)
    assert read.calls == []
    assert [items[3], items[3], items[-2]] == [30, 30, 30]
    assert read.calls == [3]


def test_length_slices_and_ends(read):
    items = Lazy(read, 5)
    assert len(items) == 5
    assert items[1:4] == [10, 20, 30]
    assert list(items) == [0, 10, 20, 30, 40]
    with pytest.raises(IndexError):
        items[5]


def test_the_item_longest_not_asked_for_is_forgotten(read, monkeypatch):
    monkeypatch.setattr(lazy, "KEPT", 2)
    items = Lazy(read, 5)
    for index in (0, 1, 0, 2):  # 1 is now the oldest
        items[index]
    read.calls.clear()
    items[0], items[2]
    assert read.calls == []
    items[1]
    assert read.calls == [1]
