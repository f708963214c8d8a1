import sys
from pathlib import Path

import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.storage import atomic_write, storage_path


def test_a_path_is_a_folder():
    assert storage_path("some/where") == Path("some/where")


def test_an_address_is_one_of_fsspec():
    upath = pytest.importorskip("upath")
    address = storage_path("memory://graphs/here")
    assert isinstance(address, upath.UPath)
    assert str(address / "x") == "memory://graphs/here/x"


def test_an_address_of_no_known_kind_is_told():
    pytest.importorskip("upath")
    with pytest.raises(SettingsError, match="nonsense://x came"):
        storage_path("nonsense://x")


def test_what_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(SettingsError, match=r"napari-gnn-vos\[cluster\]"):
        storage_path("memory://graphs")


@pytest.mark.parametrize("protocol", ["", "file://"])
def test_a_reader_never_finds_half_a_file(tmp_path, monkeypatch, protocol):
    file = _file(tmp_path, protocol)
    atomic_write(file, saying(b"old"))
    renames = (type(file.fs), "mv") if protocol else (Path, "replace")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="stopped"):
        patch.setattr(*renames, _stopped)
        atomic_write(file, saying(b"new"))
    assert file.read_bytes() == b"old"
    atomic_write(file, saying(b"new"))
    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.glob("*.npz")] == ["one.npz"]


def saying(text):
    return lambda file: file.write(text)


def _file(folder, protocol):
    if protocol:
        pytest.importorskip("upath")
    return storage_path(f"{protocol}{folder.as_posix()}/one.npz")


def _stopped(*_args):
    raise OSError("stopped")
