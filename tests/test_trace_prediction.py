import threading

import numpy as np
from scripts.trace_prediction import CallTrace, format_trace, module_of

from napari_gnn_vos.interact import label_upsampling
from napari_gnn_vos.structures.arrays import check_shape


def test_calls_in_all_threads_are_counted_once():
    trace = CallTrace()
    image = np.zeros((2, 3))
    with trace.recording():
        check_shape("image", image, 2, None)
        thread = threading.Thread(target=check_shape, args=("image", image, 2, 3))
        thread.start()
        thread.join()
    assert trace.functions == {"structures.arrays": {"check_shape"}}
    assert format_trace(trace).startswith("1 modules, 1 functions: 1 in Python")


def test_kernels_are_counted_with_the_kernels_that_they_call():
    trace = CallTrace()
    labels, image = np.zeros((4, 4), np.uint8), np.zeros((8, 8, 3), np.uint8)
    with trace.recording():
        label_upsampling.upsample_labels(labels, image)
    assert trace.kernels["interact.label_upsampling"] == {
        "_upsample",
        "_vote",
        "_weight",
    }
    text = format_trace(trace, listed=True)
    assert (
        "  interact.label_upsampling: _upsample, _vote, _weight, upsample_labels"
        in text
    )


def test_code_outside_of_the_package_has_no_module():
    assert module_of(np.full.__code__) is None
