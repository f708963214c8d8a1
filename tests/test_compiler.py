"""Kernels without numba: plain Python gives the same labels."""

import subprocess
import sys
import textwrap

import numpy as np

PROGRAM = """
    import sys
    for name in sys.argv[2:]:
        sys.modules[name] = None  # its import fails
    import numpy as np
    from napari_gnn_vos import annotate, drain, load_model, predict, start
    from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
    from tests.scenes import moving_square
    video, truth = moving_square(frames=3)
    rng = np.random.default_rng(0)
    strokes = SimulatedAnnotator()(None, truth, rng)
    session = annotate(drain(start(video)), strokes, rng=rng)
    model = load_model(device="cpu")
    np.save(sys.argv[1], np.asarray(drain(predict(session, model)).labels))
    print(model)
"""


def run(file, *missing_modules):
    """Predict in a process; return the description of the model and the log."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), file, *missing_modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_labels_without_numba_are_the_same(tmp_path):
    run(tmp_path / "compiled.npy")
    description, log = run(tmp_path / "plain.npy", "numba", "llvmlite")
    assert "torch (compiled kernels unavailable: " in description
    assert "numba cannot be imported" in log
    assert "The network is computed by PyTorch" in log
    plain, compiled = (np.load(tmp_path / f"{n}.npy") for n in ("plain", "compiled"))
    assert (compiled == 1).mean() > 0.05
    assert (plain == compiled).mean() > 0.999
