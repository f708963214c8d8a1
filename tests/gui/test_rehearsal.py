import numpy as np
import pytest

from napari_gnn_vos import engine
from napari_gnn_vos.gui import rehearsal


def test_a_round_is_played_once_beside_other_work(monkeypatch):
    played = []
    predict = engine.predict

    def watched(session, model, *, first):
        played.append(session)
        return (yield from predict(session, model, first=first))

    monkeypatch.setattr(engine, "predict", watched)
    rehearsal.rehearse_beside.cache_clear()
    thread = rehearsal.rehearse_beside()
    assert rehearsal.rehearse_beside() is thread
    thread.join(300)
    assert not thread.is_alive()
    (session,) = played
    assert set(np.unique(session.ink.label)) == {0, 1}


def test_a_window_that_closes_ends_it_without_a_word(monkeypatch):
    class Gone:
        def is_alive(self):
            return False

    monkeypatch.setattr(rehearsal, "main_thread", Gone)
    with pytest.raises(SystemExit):
        rehearsal.rehearse()

    def fail():
        raise RuntimeError("cannot schedule new futures after shutdown")

    monkeypatch.setattr(rehearsal, "rehearse", fail)
    rehearsal._rehearse_while_open()
    monkeypatch.undo()
    monkeypatch.setattr(rehearsal, "rehearse", fail)
    with pytest.raises(RuntimeError, match="schedule"):
        rehearsal._rehearse_while_open()
