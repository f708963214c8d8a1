import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from napari_gnn_vos import drain, start
from videos import open_benchmark_video


def pytest_addoption(parser):
    parser.addoption("--davis", type=Path, help="folder in DAVIS layout: real frames")


@pytest.fixture(scope="session")
def davis(request):
    return request.config.getoption("--davis")


@pytest.fixture(scope="session")
def opened(davis):
    """Open a video of 60 frames with its ground truth."""
    return open_benchmark_video(davis, 60)


@pytest.fixture(scope="session")
def cache(opened, tmp_path_factory):
    """Prepare the video and return the cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    drain(start(opened[0], cache=folder))
    return folder


@pytest.fixture
def measured(benchmark):
    """Record a figure with its name, values, unit and target in the report."""

    def record(name, values, unit, target=None):
        figures = benchmark.extra_info.setdefault("figures", {})
        figures[name] = {"values": list(values), "unit": unit, "target": target}

    return record
