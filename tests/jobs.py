"""Jobs of cluster workers in tests; the module imports nothing slow."""

import os
import signal
import time
from pathlib import Path


def wait_for(condition):
    for _ in range(12_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("the condition was not met within two minutes")


def pause_preparation(folder):
    """Pause the worker in the middle of a video until a file ``go`` exists."""
    from napari_gnn_vos.io.graph_store import GraphStore

    put = GraphStore.put

    def slow(self, t, *parts):
        if t == 2:
            Path(folder, f"{os.getpid()}.pid").touch()
            wait_for(Path(folder, "go").exists)
        put(self, t, *parts)

    GraphStore.put = slow


def wait_until_released(folder):
    Path(folder, f"{time.monotonic_ns()}.begun").touch()
    wait_for(Path(folder, "go").exists)


def torch_threads(_job):
    import torch

    return torch.get_num_threads()


def process(_job):
    return os.getpid()


def kill_itself(_job):
    os.kill(os.getpid(), signal.SIGKILL)
