import pytest

from napari_gnn_vos.controller.messages import (
    describe_count,
    describe_time_left,
    ordinal,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.2, "about 1 s left"),
        (12.4, "about 12 s left"),
        (200, "about 3 min left"),
    ],
)
def test_remaining_time_is_rounded_for_people(seconds, text):
    assert describe_time_left(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (11, "11th"), (23, "23rd")]
)
def test_ordinal_numbers(number, text):
    assert ordinal(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 frames"), (1, "1 frame"), (2, "2 frames")]
)
def test_one_is_singular(number, text):
    assert describe_count(number, "frame") == text
