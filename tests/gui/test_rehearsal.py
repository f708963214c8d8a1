import numpy as np

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
    thread.join(60)
    assert not thread.is_alive()
    (session,) = played
    assert set(np.unique(session.ink.label)) == {0, 1}
