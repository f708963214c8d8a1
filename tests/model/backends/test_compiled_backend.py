"""The check of the compiled kernels, and the fallback where they cannot be used."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backends import selection
from napari_gnn_vos.model.backends.compiled import backend as compiled
from napari_gnn_vos.model.backends.compiled import streaming
from napari_gnn_vos.model.backends.selection import differentiable_forward
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.model.loading import load_model


@pytest.fixture(autouse=True)
def unchecked():
    """Forget the result of the check before and after a test."""
    caches = compiled._failure_of, selection._select_fastest
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def test_kernels_pass_the_check():
    assert compiled.inference_unavailable() is None
    assert compiled.training_unavailable() is None


def test_check_preserves_the_random_state():
    state = torch.random.get_rng_state()
    compiled.inference_unavailable()
    compiled.training_unavailable()
    assert torch.equal(torch.random.get_rng_state(), state)


def assert_fallback(reason, caplog):
    model = load_model(device="cpu")
    assert model.backend == "torch"
    description = f"GatedGCN on the CPU, torch (compiled kernels unavailable: {reason}"
    assert str(model).startswith(description)
    load_model(device="cpu")
    warnings = [r for r in caplog.records if r.levelname == "WARNING"]
    assert len(warnings) == 1  # once per process, not once per model
    assert f"computed by PyTorch: compiled kernels unavailable: {reason}" in caplog.text
    with pytest.raises(
        SettingsError, match=f"needs a CPU, numba and llvmlite.*{reason}"
    ):
        load_model(device="cpu", backend="fused")


def test_fallback_if_kernels_fail(monkeypatch, caplog):
    def fail(*_args):
        raise NotImplementedError("typed pointers are gone")

    monkeypatch.setattr(streaming, "apply_layer", fail)
    assert_fallback("NotImplementedError: typed pointers are gone", caplog)


def test_fallback_if_numbers_are_wrong(monkeypatch, caplog):
    project = streaming.project

    def wrong(states, projection, out):
        project(states, projection, out)
        out += np.float32(0.1)

    monkeypatch.setattr(streaming, "project", wrong)
    assert_fallback("they differ from the reference by ", caplog)


def test_fallback_if_numba_is_missing(monkeypatch, caplog):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert_fallback("not installed: numba, llvmlite", caplog)


def test_training_falls_back_to_the_reference(monkeypatch, caplog):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert differentiable_forward("cpu") is GatedGCN.__call__
    assert "Training computes by PyTorch: not installed: numba" in caplog.text


def test_process_with_broken_llvmlite_predicts_with_pytorch():
    program = """
        import sys
        sys.modules["llvmlite.ir"] = None  # its import fails
        from napari_gnn_vos.errors import GnnVosError
        from napari_gnn_vos.model.loading import load_model
        print(load_model(device="cpu"))
        try:
            load_model(device="cpu", backend="fused")
        except GnnVosError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=True,
    )
    description, error = done.stdout.splitlines()
    reason = "compiled kernels unavailable: ModuleNotFoundError: "
    assert description.startswith(f"GatedGCN on the CPU, torch ({reason}")
    assert f"needs a CPU, numba and llvmlite, but {reason}" in error
    assert "The network is computed by PyTorch" in done.stderr
