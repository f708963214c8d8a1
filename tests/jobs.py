"""What workers do in tests: functions that they can import without anything heavy."""

import os
import signal
import time
from pathlib import Path


def wait_for(found):
    for _ in range(12_000):
        if found():
            return
        time.sleep(0.01)
    raise AssertionError("nothing came in two minutes")


def hold(folder):
    """In a worker: stop in the middle of a video, until there is a file ``go``."""
    from napari_gnn_vos.io.graph_store import GraphStore

    put = GraphStore.put

    def slow(self, t, *parts):
        if t == 2:
            Path(folder, f"{os.getpid()}.pid").touch()
            wait_for(Path(folder, "go").exists)
        put(self, t, *parts)

    GraphStore.put = slow


def begin(folder):
    Path(folder, f"{time.monotonic_ns()}.begun").touch()
    wait_for(Path(folder, "go").exists)


def torch_threads(_job):
    import torch

    return torch.get_num_threads()


def process(_job):
    return os.getpid()


def kill_itself(_job):
    os.kill(os.getpid(), signal.SIGKILL)
