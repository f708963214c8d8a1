import importlib
import sys

import pytest


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("io.photo_scenes", "compose_scene"),
        ("io.simulated_cells", "simulate_cells"),
    ],
)
def test_former_import_path_warns(path, name, monkeypatch):
    monkeypatch.delitem(sys.modules, f"napari_gnn_vos.{path}", raising=False)
    with pytest.warns(DeprecationWarning, match=r"napari_gnn_vos\.io\.samples"):
        former = importlib.import_module(f"napari_gnn_vos.{path}")
    present = importlib.import_module(f"napari_gnn_vos.io.samples.{path[3:]}")
    assert getattr(former, name) is getattr(present, name)


def test_documented_import_path_of_projects():
    from napari_gnn_vos.io.project import project as module
    from napari_gnn_vos.io.project.project import Project

    assert Project is module.Project
