import gc
import subprocess
import sys
import threading
import weakref
from copy import copy
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from napari_gnn_vos import engine
from napari_gnn_vos.config import Config
from napari_gnn_vos.controller import work_ahead
from napari_gnn_vos.model.loading import load_boundary_refiner
from napari_gnn_vos.progress import Progress, drain
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from tests.scenes import moving_square, on_ground, on_square


def test_warm_up_predicts_once_in_a_thread(monkeypatch):
    sessions = []
    predict = engine.predict

    def watched(session, model, *, first):
        sessions.append(session)
        return (yield from predict(session, model, first=first))

    monkeypatch.setattr(engine, "predict", watched)
    work_ahead.warm_up_in_thread.cache_clear()
    load_boundary_refiner.cache_clear()
    thread = work_ahead.warm_up_in_thread()
    assert work_ahead.warm_up_in_thread() is thread
    thread.join(300)
    assert not thread.is_alive()
    (session,) = sessions
    assert set(np.unique(session.painted_pixels.label)) == {0, 1}
    assert load_boundary_refiner.cache_info().currsize == 1


class EndedThread:
    """The main thread while the process ends."""

    def is_alive(self):
        return False


def test_warm_up_ends_silently_with_the_process(monkeypatch):
    monkeypatch.setattr(work_ahead, "main_thread", EndedThread)
    with pytest.raises(SystemExit):
        work_ahead.warm_up()

    def fail():
        raise RuntimeError("cannot schedule new futures after shutdown")

    monkeypatch.setattr(work_ahead, "warm_up", fail)
    work_ahead._warm_up_while_open()
    monkeypatch.undo()
    monkeypatch.setattr(work_ahead, "warm_up", fail)
    with pytest.raises(RuntimeError, match="schedule"):
        work_ahead._warm_up_while_open()


def test_frames_are_encoded_in_a_thread_until_it_is_stopped(monkeypatch):
    encoded, stopped = [], Event()

    def encode(session, *, first):
        for t in range(first, 100):
            if t == first + 2:
                assert stopped.wait(60)
            encoded.append((session, t))
            yield Progress("encode", t, 100)

    monkeypatch.setattr(engine, "encode_frames", encode)
    work = work_ahead.EncodeAhead()
    thread = work.start("session", 7)
    while len(encoded) < 2:
        thread.join(0.01)
    work.stop()
    stopped.set()
    thread.join(60)
    assert encoded == [("session", 7), ("session", 8), ("session", 9)]


@pytest.fixture
def predicted(monkeypatch):
    """A session after a round, whose large superpixels can be split."""
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.FINER_SIZE", 20)
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.MIN_PART_PIXELS", 4)
    monkeypatch.setattr("napari_gnn_vos.prepare.finer_superpixels.MAX_GROWTH", 50)
    config = Config.model_validate({"prepare": {"superpixels": {"per_frame": 16}}})
    session = drain(engine.start(moving_square()[0], config))
    strokes = on_square(), on_ground()
    session = engine.annotate(session, strokes, rng=np.random.default_rng(0))
    return drain(engine.predict(session, WholeVideoModel(harmonic_baseline)))


def test_superpixels_are_split_in_a_thread_for_the_next_round(predicted, monkeypatch):
    work, constraints = work_ahead.SplitAhead(), (Constraints(),)
    work.start(predicted).join(60)
    monkeypatch.setattr(engine, "split_at_boundaries", None)
    session = drain(work.result(replace(predicted, constraints=constraints)))
    assert session.graph.n > predicted.graph.n
    assert session.prediction.superpixels_split
    assert session.constraints == constraints


def test_superpixels_of_another_prediction_are_split_in_the_round(predicted):
    work, probability = work_ahead.SplitAhead(), predicted.prediction.probability
    background = tuple(np.float32([[1, 0]]).repeat(len(p), axis=0) for p in probability)
    other = replace(predicted.prediction, probability=background)
    work.start(predicted).join(60)
    session = drain(work.result(replace(predicted, prediction=other)))
    assert session.graph is predicted.graph  # it has no boundaries
    assert session.prediction.superpixels_split
    assert drain(work_ahead.SplitAhead().result(predicted)).graph.n > session.graph.n


def test_splitting_for_an_undone_round_is_stopped(predicted, monkeypatch):
    started, finish, split = Event(), Event(), engine.split_at_boundaries

    def wait(session):
        yield Progress("split superpixels", 0, 6)
        started.set()
        assert finish.wait(60)
        yield Progress("split superpixels", 1, 6)
        return session

    monkeypatch.setattr(engine, "split_at_boundaries", wait)
    work, undone = work_ahead.SplitAhead(), replace(predicted.prediction)
    thread = work.start(replace(predicted, prediction=undone))
    assert started.wait(60)
    monkeypatch.setattr(engine, "split_at_boundaries", split)
    assert drain(work.result(predicted)).graph.n > predicted.graph.n
    finish.set()
    thread.join(60)
    assert thread.graph is None


def test_a_round_waits_for_the_thread_and_can_be_cancelled(predicted, monkeypatch):
    started, finish = Event(), Event()

    def split(session):
        yield Progress("split superpixels", 3, 6)
        started.set()
        assert finish.wait(60)
        return session

    monkeypatch.setattr(engine, "split_at_boundaries", split)
    work = work_ahead.SplitAhead()
    thread = work.start(predicted)
    assert started.wait(60)
    waiting = work.result(predicted)
    assert next(waiting) == next(waiting) == Progress("split superpixels", 3, 6)
    waiting.close()
    finish.set()
    thread.join(60)
    assert drain(work.result(predicted)).graph is predicted.graph


def test_splitting_stops_when_another_prediction_is_split(predicted, monkeypatch):
    steps, finish = [], Event()

    def split(session):
        for number in range(6):
            steps.append(number)
            yield Progress("split superpixels", number, 6)
            assert finish.wait(60)
        return session

    monkeypatch.setattr(engine, "split_at_boundaries", split)
    work = work_ahead.SplitAhead()
    first = work.start(predicted)
    second = work.start(replace(predicted, prediction=replace(predicted.prediction)))
    finish.set()
    first.join(60)
    second.join(60)
    assert first.graph is None
    assert second.graph is predicted.graph


def test_splitting_ends_silently_with_the_process(predicted, monkeypatch):
    def split(_session):
        monkeypatch.setattr(work_ahead, "main_thread", EndedThread)
        raise RuntimeError("cannot schedule new futures after shutdown")
        yield

    errors = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    monkeypatch.setattr(engine, "split_at_boundaries", split)
    thread = work_ahead.SplitAhead().start(predicted)
    thread.join(60)
    assert thread.graph is None
    assert errors == []


def test_split_superpixels_are_freed_with_the_video(predicted):
    session = replace(predicted, video=copy(predicted.video))
    work = work_ahead.SplitAhead()
    work.start(session).join(60)
    watch = weakref.ref(session.video)
    assert len(work._threads) == 1
    del session
    gc.collect()
    assert watch() is None
    assert len(work._threads) == 0


def test_threads_end_silently_while_the_process_waits_for_pools():
    code = """
import concurrent.futures.thread as futures
import threading, time
from napari_gnn_vos.controller.work_ahead import _until_exit

pool = futures.ThreadPoolExecutor(2)

def work():
    while not futures._shutdown:
        time.sleep(0.01)
    with _until_exit():
        pool.submit(print)

threading.Thread(target=work).start()
pool.submit(time.sleep, 0.5)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
