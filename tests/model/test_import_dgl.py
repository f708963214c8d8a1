import os
import sys
from types import ModuleType

import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model import import_dgl as guard
from napari_gnn_vos.model.import_dgl import GRAPHBOLT, LeftOut, import_dgl


@pytest.fixture
def unimported(monkeypatch):
    """As if DGL had not been imported yet, whether it is installed or not."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "dgl"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delenv("DGLBACKEND", raising=False)
    return monkeypatch


def package(folder, text, monkeypatch):
    """Another package of that name, in a folder that is searched first."""
    (folder / "dgl").mkdir()
    (folder / "dgl" / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(folder)


def test_not_installed(unimported):
    unimported.setattr(guard, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'napari-gnn-vos\[dgl\]'"):
        import_dgl()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import gone_for_good", "ModuleNotFoundError: No module named 'gone_for"),
        ("raise OSError('libdgl.so: no such file')", "OSError: libdgl.so: no such"),
        ("from dgl.graphbolt import load", "ImportError: cannot import name 'load'"),
    ],
)
def test_broken(unimported, tmp_path, text, told):
    package(tmp_path, text, unimported)
    with pytest.raises(SettingsError, match=told):
        import_dgl()
    assert GRAPHBOLT not in sys.modules
    assert "DGLBACKEND" not in os.environ


@pytest.mark.parametrize("before", [None, "tensorflow"])
def test_while_it_is_imported(unimported, tmp_path, before, recwarn):
    if before:
        unimported.setenv("DGLBACKEND", before)
    text = "import os, warnings; warnings.warn('old')\n"
    text += "from dgl import graphbolt as gb; told = os.environ['DGLBACKEND'], gb"
    package(tmp_path, text, unimported)
    dgl = import_dgl()
    try:
        assert dgl.told[0] == "pytorch"
        assert isinstance(dgl.told[1], LeftOut)
        assert os.environ.get("DGLBACKEND") == before
        assert not recwarn.list
        assert import_dgl() is dgl
    finally:
        del sys.modules["dgl"], sys.modules[GRAPHBOLT]


def test_imported_before_it_stays_as_it_is(unimported):
    spec = type(sys)("dgl")
    spec.__spec__ = sys.__spec__
    unimported.setitem(sys.modules, "dgl", spec)
    assert import_dgl() is spec
    assert GRAPHBOLT not in sys.modules


def test_what_is_left_out_lacks_everything():
    empty = LeftOut(GRAPHBOLT)
    assert isinstance(empty, ModuleType)
    assert not hasattr(empty, "__path__")
    with pytest.raises(AttributeError, match=r"dgl\.graphbolt has no 'ItemSet' here"):
        _ = empty.ItemSet
