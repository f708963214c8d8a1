"""Count the modules and functions that one prediction passes through.

Usage::

    python scripts/trace_prediction.py          # the numbers
    python scripts/trace_prediction.py --list   # with the functions of each module

A sample scene is prepared and annotated with the default settings; then one call of
`engine.predict` on the CPU is traced by `sys.setprofile` in all threads. A function is
counted once, by its module and qualified name; lambdas and comprehensions belong to the
function that contains them. Functions that numba has compiled are not traced: those
that a counted function or kernel refers to are counted.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

import napari_gnn_vos as gnn_vos
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

ROOT = Path(gnn_vos.__file__).parent
Functions = dict[str, set[str]]
"""Qualified names of functions by module."""


class CallTrace:
    """Functions of the package that were called, and the kernels they refer to.

    Attributes
    ----------
    functions, kernels : dict of str to set of str
        Qualified names by module: of Python functions, and of compiled ones.
    """

    def __init__(self) -> None:
        self.functions: Functions = defaultdict(set)
        self.kernels: Functions = defaultdict(set)
        self._codes: dict[CodeType, dict[str, Any]] = {}

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record calls in this thread and in threads that are started inside."""
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        self._count()

    def _on_event(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code not in self._codes:
            self._codes[frame.f_code] = frame.f_globals

    def _count(self) -> None:
        for code, namespace in [*self._codes.items()]:
            module = module_of(code)
            if module is not None:
                if not code.co_name.startswith("<"):
                    self.functions[module].add(code.co_qualname)
                self._count_kernels(code, namespace)

    def _count_kernels(self, code: CodeType, namespace: dict[str, Any]) -> None:
        """Count the compiled functions that a function refers to, recursively."""
        for name in code.co_names:
            function = getattr(namespace.get(name), "py_func", None)
            module = None if function is None else module_of(function.__code__)
            if module is None or function.__qualname__ in self.kernels[module]:
                continue
            self.kernels[module].add(function.__qualname__)
            self._count_kernels(function.__code__, function.__globals__)


def module_of(code: CodeType) -> str | None:
    """Return the module of a code object, without the prefix; None for other code."""
    path = Path(code.co_filename)
    if not path.is_relative_to(ROOT):
        return None
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "napari_gnn_vos"


def trace_prediction(
    frames: int = 12, shape: tuple[int, int] = (120, 160)
) -> CallTrace:
    """Trace the first prediction of a sample scene with two objects."""
    video, truth = compose_scene(0, frames, shape)
    model = gnn_vos.load_model(device="cpu")
    session = gnn_vos.drain(gnn_vos.start(video))
    rng = np.random.default_rng(0)
    scribbles = SimulatedAnnotator()(None, truth, rng)
    session = gnn_vos.annotate(session, scribbles, rng=rng)
    trace = CallTrace()
    with trace.recording():
        gnn_vos.drain(gnn_vos.predict(session, model))
    return trace


def format_trace(trace: CallTrace, *, listed: bool = False) -> str:
    """Format the numbers of a trace and, on request, its functions."""
    functions, kernels = (
        {module: names for module, names in by_module.items() if names}
        for by_module in (trace.functions, trace.kernels)
    )
    modules = sorted(functions | kernels)
    counts = [sum(map(len, by_module.values())) for by_module in (functions, kernels)]
    total = f"{len(modules)} modules, {sum(counts)} functions"
    lines = [f"{total}: {counts[0]} in Python and {counts[1]} compiled"]
    packages: dict[str, int] = defaultdict(int)
    for module in modules:
        names = {*functions.get(module, ()), *kernels.get(module, ())}
        packages[module.split(".")[0]] += len(names)
        if listed:
            lines.append(f"  {module}: {', '.join(sorted(names))}")
    by_package = (f"{package} {count}" for package, count in sorted(packages.items()))
    return "\n".join([*lines, f"functions by package: {', '.join(by_package)}"])


def main() -> None:
    """Parse the command line and print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--list", action="store_true", help="list the functions")
    options = parser.parse_args()
    print(format_trace(trace_prediction(), listed=options.list))


if __name__ == "__main__":
    main()
