from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.palette import colour_of
from napari_gnn_vos.controller.table_changes import rebase_table
from napari_gnn_vos.errors import ScribbleError

CHANGES = (
    lambda table: table.with_labels([7]),
    lambda table: table.without(2),
    lambda table: table.renamed(1, "cell"),
    lambda table: table.recoloured(2, "#010203"),
    lambda table: table.moved(1, 2),
    lambda table: table.with_locked(1, True),
    lambda table: table.with_hidden(2, True),
    lambda table: table.with_solo(1),
    lambda table: table.with_absent(3, 1, True),
)


def test_labels_are_inserted_behind_all_smaller_ones():
    assert ObjectTable((0, 1, 5)).with_labels([3, 9, 1]).labels == (0, 1, 3, 5, 9)
    assert ObjectTable((0, 5, 1)).with_labels([3]).labels == (0, 5, 1, 3)


def test_removed_object_loses_its_properties():
    table = ObjectTable()
    for change in CHANGES:
        table = change(table) if change is not CHANGES[1] else table
    assert table.without(1).without(7) == ObjectTable(
        (0, 2), {}, {2: "#010203"}, hidden=frozenset([2])
    )


def test_default_name_and_colour_are_not_stored():
    table = ObjectTable().renamed(1, "cell").recoloured(1, "#010203")
    assert (table.name_of(1), table.colour_of(1)[2]) == ("cell", 3 / 255)
    assert table.renamed(1, " Object 1 ").recoloured(1, "#ff5a5f") == ObjectTable()
    assert table.renamed(1, "").recoloured(1, "").colour_of(1) == colour_of(1)


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "#1234567"])
def test_invalid_colour_is_rejected(colour):
    with pytest.raises(ScribbleError, match="#rrggbb"):
        ObjectTable().recoloured(1, colour)


@pytest.mark.parametrize("label", [0, 3])
def test_background_and_missing_objects_are_rejected(label):
    table = ObjectTable()
    with pytest.raises(
        ScribbleError, match=r"no object \d; the list has|not an object"
    ):
        table.with_locked(label, True)


def test_hidden_and_solo_objects_are_invisible():
    table = ObjectTable((0, 1, 2, 3)).with_hidden(2, True)
    assert table.invisible == {2}
    assert table.with_solo(2).invisible == {1, 3}
    assert table.with_solo(2).with_solo(None).invisible == {2}
    assert table.with_hidden(2, False).invisible == set()


def test_objects_move_within_the_list_behind_background():
    table = ObjectTable((0, 1, 2, 3))
    assert table.moved(3, 1).labels == (0, 3, 1, 2)
    assert table.moved(1, 99).labels == (0, 2, 3, 1)
    assert table.moved(2, -4).labels == (0, 2, 1, 3)


def test_file_values_do_not_replace_assigned_ones():
    table = ObjectTable().renamed(1, "hand")
    table = table.with_defaults(
        {1: "paw", 4: "ball", 0: "x", 40_000: "y"}, {4: "#010203"}
    )
    assert table == ObjectTable((0, 1, 2, 4), {1: "hand", 4: "ball"}, {4: "#010203"})


@pytest.mark.parametrize("change", CHANGES)
def test_rebase_reverses_a_change(change):
    before = ObjectTable((0, 1, 2)).renamed(2, "ball")
    after = change(before)
    assert after != before
    assert rebase_table(after, after, before) == before
    assert rebase_table(before, before, after) == after


def test_rebase_keeps_newer_changes():
    before = ObjectTable()
    after = before.renamed(1, "cell").with_locked(1, True)
    current = after.with_labels([3]).renamed(2, "ball").with_hidden(3, True)
    assert rebase_table(current, after, before) == ObjectTable(
        (0, 1, 2, 3), {2: "ball"}, hidden=frozenset([3])
    )
    order = before.moved(1, 2)
    assert rebase_table(replace(order, names={1: "x"}), order, before).labels == (
        0,
        1,
        2,
    )


@given(st.lists(st.sampled_from(CHANGES), unique=True))
def test_rebases_reverse_any_sequence(changes):
    tables = [ObjectTable()]
    for change in changes:
        if 2 in tables[-1].labels:
            tables.append(change(tables[-1]))
    current = tables[-1]
    for after, before in zip(reversed(tables), reversed(tables[:-1]), strict=False):
        current = rebase_table(current, after, before)
    assert current == tables[0]


def test_messages_name_the_objects_of_the_list():
    table = ObjectTable()
    with pytest.raises(ScribbleError, match="no object 9; the list has 1, 2"):
        table.with_locked(9, locked=True)
    with pytest.raises(ScribbleError, match="not an object"):
        table.with_locked(0, locked=True)
