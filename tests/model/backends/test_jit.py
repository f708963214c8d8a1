"""Machine code in the disk cache is used only with the sources it was made from."""

import importlib
import os
import pkgutil
import subprocess
import sys
import textwrap

import pytest
from numba import config, njit
from numba.core.dispatcher import Dispatcher

from napari_gnn_vos.model.backends import compiled
from napari_gnn_vos.model.backends.compiled.jit import (
    SOURCES,
    bind_cache,
    source_digest,
)

MODULES = [module.name for module in pkgutil.iter_modules(compiled.__path__)]


def test_digest_changes_with_any_source(tmp_path):
    kernel, helper = tmp_path / "kernel.py", tmp_path / "helper.py"
    kernel.write_text("from helper import STEP")
    digests = set()
    for text in ("STEP = 1", "STEP = 2"):
        helper.write_text(text)
        source_digest.cache_clear()
        digests.add(source_digest((kernel, helper)))
    assert len(digests) == 2


def test_sources_are_all_modules_of_the_package_and_the_reference():
    names = {path.stem for path in SOURCES}
    assert names == {*MODULES, "__init__", "gatedgcn"}
    assert all(path.is_file() for path in SOURCES)


@pytest.mark.parametrize("name", MODULES)
def test_all_kernels_are_bound_to_the_sources(name):
    module = importlib.import_module(f"{compiled.__name__}.{name}")
    kernels = [v for v in vars(module).values() if isinstance(v, Dispatcher)]
    for kernel in kernels:
        stamp = kernel._cache._cache_file._source_stamp
        assert stamp[1] == source_digest(SOURCES)


def increment(value):
    return value + 1


def test_cached_code_is_compiled_again_for_another_digest(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))

    def cache_hits(digest):
        function = bind_cache(njit(cache=True)(increment), digest)
        assert function(1) == 2
        return sum(function.stats.cache_hits.values())

    assert [cache_hits(d) for d in ("a", "a", "b", "b", "a")] == [0, 1, 0, 1, 0]


FORWARD = """
    import numpy as np
    from tests.model.backends import test_streaming as streaming
    from tests.scenes import random_graph
    graph = random_graph(np.random.default_rng(0), frames=8)
    forward = streaming.StreamingForward(streaming.network(graph))
    logits = list(forward(streaming.frame_inputs(graph), graph.counts, range(8)))
    print(np.concatenate(logits, axis=1).tobytes().hex())
"""


def test_compiled_and_cached_kernels_give_the_same_bits(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(FORWARD)]
    cache = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    compiled, cached = (
        subprocess.run(command, env=cache, capture_output=True, check=True).stdout
        for _ in range(2)
    )
    assert len(compiled) > 100
    assert compiled == cached
