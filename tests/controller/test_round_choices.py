import pytest

from napari_gnn_vos.controller.round_choices import PendingChanges


@pytest.fixture
def pending():
    """Strokes and another model, which a round has taken into account."""
    pending = PendingChanges()
    pending.strokes = pending.model = True
    pending.start_round(strokes=True)
    assert not pending.strokes
    assert not pending.model
    return pending


def test_changes_of_a_completed_round_are_not_pending(pending):
    pending.complete_round()
    pending.discard_round()  # of another job
    assert not pending.strokes
    assert not pending.model


def test_changes_of_a_discarded_round_are_pending_again(pending):
    pending.discard_round()
    assert pending.strokes
    assert pending.model


def test_strokes_during_a_round_stay_pending(pending):
    pending.strokes = True
    pending.complete_round()
    assert pending.strokes
    assert not pending.model


def test_replaced_round_returns_its_model(pending):
    pending.start_round(strokes=True)  # instead of the running one
    pending.discard_round()
    assert pending.model


def test_discarded_round_without_strokes_leaves_none_pending():
    pending = PendingChanges()
    pending.start_round(strokes=False)  # only its constraints differ
    pending.discard_round()
    assert not pending.strokes
