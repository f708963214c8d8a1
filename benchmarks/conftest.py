import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from footage import footage

from napari_gnn_vos import drain, start


def pytest_addoption(parser):
    parser.addoption("--davis", type=Path, help="folder in DAVIS layout: real frames")


@pytest.fixture(scope="session")
def davis(request):
    return request.config.getoption("--davis")


@pytest.fixture(scope="session")
def opened(davis):
    """A video of 60 frames, and its true masks."""
    return footage(davis, 60)


@pytest.fixture(scope="session")
def cache(opened, tmp_path_factory):
    """Where it is prepared."""
    folder = tmp_path_factory.mktemp("cache")
    drain(start(opened[0], cache=folder))
    return folder


@pytest.fixture
def measured(benchmark):
    """Note other figures than the time of the call: name, values, unit and aim."""

    def note(name, values, unit, aim=None):
        known = benchmark.extra_info.setdefault("figures", {})
        known[name] = {"values": list(values), "unit": unit, "aim": aim}

    return note
