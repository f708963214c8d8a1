from threading import Event

import numpy as np
import pytest

from napari_gnn_vos import engine
from napari_gnn_vos.controller import pipelines
from napari_gnn_vos.model.registry import load_boundary_refiner
from napari_gnn_vos.progress import Progress


def test_warm_up_predicts_once_in_a_thread(monkeypatch):
    sessions = []
    predict = engine.predict

    def watched(session, model, *, first):
        sessions.append(session)
        return (yield from predict(session, model, first=first))

    monkeypatch.setattr(engine, "predict", watched)
    pipelines.warm_up_in_thread.cache_clear()
    load_boundary_refiner.cache_clear()
    thread = pipelines.warm_up_in_thread()
    assert pipelines.warm_up_in_thread() is thread
    thread.join(300)
    assert not thread.is_alive()
    (session,) = sessions
    assert set(np.unique(session.painted_pixels.label)) == {0, 1}
    assert load_boundary_refiner.cache_info().currsize == 1


def test_warm_up_ends_silently_with_the_process(monkeypatch):
    class Gone:
        def is_alive(self):
            return False

    monkeypatch.setattr(pipelines, "main_thread", Gone)
    with pytest.raises(SystemExit):
        pipelines.warm_up()

    def fail():
        raise RuntimeError("cannot schedule new futures after shutdown")

    monkeypatch.setattr(pipelines, "warm_up", fail)
    pipelines._warm_up_while_open()
    monkeypatch.undo()
    monkeypatch.setattr(pipelines, "warm_up", fail)
    with pytest.raises(RuntimeError, match="schedule"):
        pipelines._warm_up_while_open()


def test_frames_are_encoded_in_a_thread_until_it_is_stopped(monkeypatch):
    encoded, stopped = [], Event()

    def encode(session, *, first):
        for t in range(first, 100):
            if t == first + 2:
                assert stopped.wait(60)
            encoded.append((session, t))
            yield Progress("encode", t, 100)

    monkeypatch.setattr(engine, "encode_frames", encode)
    work = pipelines.EncodeAhead()
    thread = work.start("session", 7)
    while len(encoded) < 2:
        thread.join(0.01)
    work.stop()
    stopped.set()
    thread.join(60)
    assert encoded == [("session", 7), ("session", 8), ("session", 9)]
