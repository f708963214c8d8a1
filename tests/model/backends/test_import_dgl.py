import os
import sys
from types import ModuleType

import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.backends import import_dgl as guard
from napari_gnn_vos.model.backends.import_dgl import GRAPHBOLT, EmptyModule, import_dgl


@pytest.fixture
def unimported(monkeypatch):
    """Remove DGL from the imported modules."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "dgl"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delenv("DGLBACKEND", raising=False)
    return monkeypatch


def package(folder, text, monkeypatch):
    """Write a package of the same name to a folder that is searched first."""
    (folder / "dgl").mkdir()
    (folder / "dgl" / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(folder)


def test_missing_installation_is_reported(unimported):
    unimported.setattr(guard, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'napari-gnn-vos\[dgl\]'"):
        import_dgl()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import gone_for_good", "ModuleNotFoundError: No module named 'gone_for"),
        ("raise OSError('libdgl.so: no such file')", "OSError: libdgl.so: no such"),
        ("from dgl.graphbolt import load", "ImportError: cannot import name 'load'"),
    ],
)
def test_broken_installation_is_reported(unimported, tmp_path, text, message):
    package(tmp_path, text, unimported)
    with pytest.raises(SettingsError, match=message):
        import_dgl()
    assert GRAPHBOLT not in sys.modules
    assert "DGLBACKEND" not in os.environ


@pytest.mark.parametrize("before", [None, "tensorflow"])
def test_environment_during_the_import(unimported, tmp_path, before, recwarn):
    if before:
        unimported.setenv("DGLBACKEND", before)
    text = "import os, warnings; warnings.warn('old')\n"
    text += "from dgl import graphbolt as gb; seen = os.environ['DGLBACKEND'], gb"
    package(tmp_path, text, unimported)
    dgl = import_dgl()
    try:
        assert dgl.seen[0] == "pytorch"
        assert isinstance(dgl.seen[1], EmptyModule)
        assert os.environ.get("DGLBACKEND") == before
        assert not recwarn.list
        assert import_dgl() is dgl
    finally:
        del sys.modules["dgl"], sys.modules[GRAPHBOLT]


def test_imported_dgl_is_used_unchanged(unimported):
    spec = type(sys)("dgl")
    spec.__spec__ = sys.__spec__
    unimported.setitem(sys.modules, "dgl", spec)
    assert import_dgl() is spec
    assert GRAPHBOLT not in sys.modules


def test_placeholder_has_no_attributes():
    empty = EmptyModule(GRAPHBOLT)
    assert isinstance(empty, ModuleType)
    assert not hasattr(empty, "__path__")
    with pytest.raises(AttributeError, match=r"dgl\.graphbolt has no 'ItemSet' here"):
        _ = empty.ItemSet
