import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread, get_native_id

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from napari_gnn_vos.hardware import (
    BACKGROUND_NICENESS,
    WorkCancelled,
    lower_thread_priority,
    raise_if_cancelled,
    single_threaded_blas,
    single_threaded_opencv,
    single_threaded_torch,
    worker_threads,
)
from napari_gnn_vos.vision import cv2


def torch_threads_in_new_thread():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.get_num_threads).result()


def blas_threads():
    """Count the threads of OpenBLAS in NumPy and SciPy; other libraries count 0."""
    pools = [pool for pool in threadpool_info() if pool["internal_api"] == "openblas"]
    return max((pool["num_threads"] for pool in pools), default=0)


LIMITS = {
    "torch": (single_threaded_torch, torch_threads_in_new_thread),
    "blas": (single_threaded_blas, blas_threads),
    "opencv": (single_threaded_opencv, cv2.getNumThreads),
}


@pytest.fixture(params=LIMITS)
def limit_and_count(request):
    """Set each library to 2 threads during a test."""
    torch_threads, cv_threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(2)
    cv2.setNumThreads(2)
    with ThreadPoolExecutor(1) as pool:  # its thread ends, and others may set limits
        blas = pool.submit(threadpool_limits, 2, "blas").result()
    if LIMITS[request.param][1]() != 2:
        pytest.skip("the number of threads of this library is unknown")
    yield LIMITS[request.param]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(blas.restore_original_limits).result()
    torch.set_num_threads(torch_threads)
    cv2.setNumThreads(cv_threads)


def test_limit_is_nestable(limit_and_count):
    limit, count = limit_and_count
    with limit():
        assert count() == 1
        with limit():
            assert count() == 1
        assert count() == 1
    assert count() == 2


def test_limit_is_restored_after_an_error(limit_and_count):
    limit, count = limit_and_count
    with pytest.raises(KeyError), limit():
        raise KeyError
    assert count() == 2


@pytest.mark.parametrize("first_to_leave", [0, 1])
def test_last_of_overlapping_limits_restores_the_thread_count(
    limit_and_count, first_to_leave
):
    limit, count = limit_and_count
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        pools, limits = (first, second), (limit(), limit())
        for pool, held in zip(pools, limits, strict=True):
            pool.submit(held.__enter__).result()
            assert count() == 1
        order = (first_to_leave, 1 - first_to_leave)
        for k, expected in zip(order, (1, 2), strict=True):
            pools[k].submit(limits[k].__exit__, None, None, None).result()
            assert count() == expected


def test_each_thread_restores_its_torch_thread_count():
    original = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1) as pool:
            limit = single_threaded_torch()
            with single_threaded_torch():
                pool.submit(limit.__enter__).result()
            assert torch.get_num_threads() == 2  # this thread is not limited
            assert pool.submit(torch.get_num_threads).result() == 1
            assert torch_threads_in_new_thread() == 1
            pool.submit(limit.__exit__, None, None, None).result()
            assert pool.submit(torch.get_num_threads).result() == 2
            assert torch_threads_in_new_thread() == 2
    finally:
        torch.set_num_threads(original)


def test_running_task_ends_when_its_pipeline_is_cancelled():
    started, ended = Event(), []

    def task():
        started.set()
        for _ in range(1000):
            time.sleep(0.01)
            raise_if_cancelled()
        ended.append("at its end")

    def cancelled():
        with worker_threads() as pool:
            tasks.append(pool.submit(task))
            started.wait(60)
            raise KeyboardInterrupt

    tasks = []
    with pytest.raises(KeyboardInterrupt):
        cancelled()
    with pytest.raises(WorkCancelled):
        tasks[0].result(60)
    assert not ended


def test_threads_complete_their_tasks_without_cancelling():
    with worker_threads() as pool:
        task = pool.submit(raise_if_cancelled)
    assert task.result() is None
    raise_if_cancelled()  # in a thread of no pipeline


def test_limit_may_be_exited_in_another_thread():
    original = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        limit = single_threaded_torch()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(limit.__enter__).result()
        assert torch_threads_in_new_thread() == 1
        limit.__exit__(None, None, None)
        assert torch.get_num_threads() == torch_threads_in_new_thread() == 2
    finally:
        torch.set_num_threads(original)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority")
def test_priority_is_lowered_in_a_thread_and_those_that_it_starts():
    def niceness():
        return os.getpriority(os.PRIO_PROCESS, get_native_id())

    before, found = niceness(), []

    def lowered():
        lower_thread_priority()
        with worker_threads() as pool:
            found.append(pool.submit(niceness).result())

    thread = Thread(target=lowered)
    thread.start()
    thread.join(60)
    assert found == [max(before, BACKGROUND_NICENESS)]
    assert niceness() == before
