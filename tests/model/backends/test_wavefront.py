"""Tasks run once, after their dependencies; failures are raised."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from time import sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.model.backends.compiled.wavefront import WavefrontScheduler


@settings(max_examples=30)
@given(
    steps=st.integers(1, 12),
    layers=st.integers(1, 5),
    labels=st.integers(1, 3),
    helpers=st.integers(0, 4),
    delay=st.sampled_from([1, 2]),
)
def test_each_task_runs_once_after_its_dependencies(
    steps, layers, labels, helpers, delay
):
    started, finished, early, lock = [], set(), [], Lock()

    def execute(step, layer, label):
        with lock:
            started.append((step, layer, label))
            layers_around = range(max(layer - 1, 0), min(layer + 2, layers))
            needed = {(step - 1, k, label) for k in layers_around} if step else set()
            if delay == 1 and layer:
                needed.add((step, layer - 1, label))
            early.extend(needed - finished)
        with lock:
            finished.add((step, layer, label))

    scheduler = WavefrontScheduler(range(steps), layers, labels, execute, delay)
    with ThreadPoolExecutor(max(helpers, 1)) as pool:
        workers = [pool.submit(scheduler.work) for _ in range(helpers)]
        for step in range(steps):
            scheduler.release(step)
            scheduler.work_until(step)
            assert {(step, layers - 1, label) for label in range(labels)} <= finished
            assert max(s for s, _, _ in started) <= step
        scheduler.close()
        for worker in workers:
            worker.result()
    assert not early
    assert len(set(started)) == len(started)


@pytest.mark.parametrize(("delay", "started"), [(1, [0]), (2, [0, 1])])
def test_layer_waits_for_the_one_below_in_its_step_with_a_delay_of_1(delay, started):
    """A thread that waits in layer 0 leaves layer 1 of its step to the other one."""
    layers, held = [], Event()

    def execute(_step, layer, _label):
        layers.append(layer)
        if layer == 0:
            held.wait(10)

    scheduler = WavefrontScheduler(range(1), 2, 1, execute, delay)
    scheduler.release(0)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(scheduler.work)
        sleep(0.1)
        before = sorted(layers)
        held.set()
        scheduler.work_until(0)
        scheduler.close()
    assert before == started
    assert sorted(layers) == [0, 1]


@pytest.mark.parametrize("helpers", [0, 2])
def test_failure_of_a_task_is_raised_by_work_until(helpers):
    def execute(step, _layer, _label):
        if step == 3:
            raise KeyError("task")

    scheduler = WavefrontScheduler(range(9), 4, 2, execute)
    with ThreadPoolExecutor(max(helpers, 1)) as pool:
        workers = [pool.submit(scheduler.work) for _ in range(helpers)]
        scheduler.release(8)
        with pytest.raises(KeyError, match="task"):
            scheduler.work_until(8)
        for worker in workers:
            worker.result()


def test_closing_ends_waiting_workers():
    scheduler = WavefrontScheduler(range(3), 2, 1, lambda *_: None)
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(scheduler.work)
        assert not worker.done()
        scheduler.close()
        worker.result(timeout=10)
