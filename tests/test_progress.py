import pytest

from napari_gnn_vos.progress import Progress, drain


def count(n, closed=None):
    try:
        for i in range(n):
            yield Progress("count", i + 1, n)
    finally:
        if closed is not None:
            closed.append(True)
    return n * 10


def test_the_result_of_a_pipeline():
    assert drain(count(3)) == 30
    assert drain(count(0)) == 0


def test_every_step_is_told():
    steps = []
    drain(count(3), steps.append)
    assert steps == [Progress("count", k, 3) for k in (1, 2, 3)]


def test_an_error_of_the_pipeline_comes_through():
    def broken():
        yield Progress("x", 0, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        drain(broken())


def test_a_listener_may_stop_the_work():
    closed = []

    def stop(step):
        if step.done == 2:
            raise KeyboardInterrupt

    work = count(5, closed)
    with pytest.raises(KeyboardInterrupt):
        drain(work, stop)
    work.close()
    assert closed == [True]
