import copy
import gc
import weakref

from napari_gnn_vos.structures.weak_cache import WeakCache


class Owner:
    """Something that values are kept beside."""


def test_a_value_is_worked_out_once_for_each():
    kept, asked = WeakCache(), []
    one, other = Owner(), Owner()

    def work_out(owner):
        asked.append(owner)
        return len(asked)

    assert [kept.of(x, work_out) for x in (one, other, one, other)] == [1, 2, 1, 2]
    kept.clear()
    assert kept.of(one, work_out) == 3


def test_a_value_goes_with_its_owner():
    kept, owner, gone = WeakCache(), Owner(), []
    weakref.finalize(kept.of(owner, lambda _: Owner()), gone.append, "value")
    gc.collect()
    assert gone == []
    del owner
    gc.collect()
    assert gone == ["value"]


def test_to_another_process_it_goes_empty():
    kept, owner = WeakCache(), Owner()
    kept.of(owner, lambda _: 1)
    other = copy.copy(kept)  # as pickle does it
    assert other.of(owner, lambda _: 2) == 2
    assert kept.of(owner, lambda _: 2) == 1
