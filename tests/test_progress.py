import numpy as np
import pytest

from napari_gnn_vos.progress import PartialResult, Progress, drain, nested_progress


def count(n, closed=None):
    try:
        for i in range(n):
            yield Progress("count", i + 1, n)
    finally:
        if closed is not None:
            closed.append(True)
    return n * 10


def test_drain_returns_the_result():
    assert drain(count(3)) == 30
    assert drain(count(0)) == 0


def test_every_step_is_passed_to_the_callback():
    steps = []
    drain(count(3), steps.append)
    assert steps == [Progress("count", k, 3) for k in (1, 2, 3)]


def test_errors_of_the_pipeline_propagate():
    def broken():
        yield Progress("x", 0, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        drain(broken())


def test_callback_may_interrupt_the_pipeline():
    closed = []

    def stop(step):
        if step.done == 2:
            raise KeyboardInterrupt

    pipeline = count(5, closed)
    with pytest.raises(KeyboardInterrupt):
        drain(pipeline, stop)
    pipeline.close()
    assert closed == [True]


@pytest.mark.parametrize(
    ("outer", "stage"), [("video", "video: count 2/2"), ("count", "count 2/2")]
)
def test_nested_steps_are_named_once(outer, stage):
    steps = list(nested_progress(count(2), Progress(outer, 1, 5)))
    assert steps[-1] == Progress(stage, 1, 5)


def test_partial_results_are_printed_without_their_labels():
    step = PartialResult("label", 1, 9, 3, np.zeros((99, 99), np.uint8), bytes(999))
    assert repr(step) == (
        "PartialResult(stage='label', done=1, total=9, frame=3, preliminary=False)"
    )
