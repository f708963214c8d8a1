import copy
import gc
import weakref

from napari_gnn_vos.structures.weak_cache import WeakCache


class Owner:
    """An object that can be referenced weakly."""


def test_value_is_computed_once_per_object():
    cache, calls = WeakCache(), []
    first, second = Owner(), Owner()

    def compute(owner):
        calls.append(owner)
        return len(calls)

    assert [cache.get(owner, compute) for owner in (first, second) * 2] == [1, 2, 1, 2]
    cache.clear()
    assert cache.get(first, compute) == 3


def test_value_is_released_with_its_object():
    cache, owner, released = WeakCache(), Owner(), []
    weakref.finalize(cache.get(owner, lambda _: Owner()), released.append, "value")
    gc.collect()
    assert released == []
    del owner
    gc.collect()
    assert released == ["value"]


def test_pickled_cache_is_empty():
    cache, owner = WeakCache(), Owner()
    cache.get(owner, lambda _: 1)
    copied = copy.copy(cache)  # by __reduce__, as pickle
    assert copied.get(owner, lambda _: 2) == 2
    assert cache.get(owner, lambda _: 2) == 1
