import sys
from pathlib import Path

import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.storage import atomic_write, atomic_write_text, storage_path


def test_path_without_protocol_is_local():
    assert storage_path("some/where") == Path("some/where")


def test_url_is_an_fsspec_path():
    upath = pytest.importorskip("upath")
    url = storage_path("memory://graphs/here")
    assert isinstance(url, upath.UPath)
    assert str(url / "x") == "memory://graphs/here/x"


def test_unknown_protocol_is_refused():
    pytest.importorskip("upath")
    with pytest.raises(SettingsError, match="not nonsense://x"):
        storage_path("nonsense://x")


def test_missing_package_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(SettingsError, match=r"napari-gnn-vos\[cluster\]"):
        storage_path("memory://graphs")


@pytest.mark.parametrize("protocol", ["", "file://"])
def test_interrupted_write_keeps_the_old_content(tmp_path, monkeypatch, protocol):
    file = _file(tmp_path, protocol)
    atomic_write(file, writer_of(b"old"))
    renames = (type(file.fs), "mv") if protocol else (Path, "replace")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="stopped"):
        patch.setattr(*renames, _raise_stopped)
        atomic_write(file, writer_of(b"new"))
    assert file.read_bytes() == b"old"
    atomic_write(file, b"new")
    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.glob("*.npz")] == ["one.npz"]


def test_failed_write_keeps_the_previous_file(tmp_path):
    file = tmp_path / "out.json"
    atomic_write_text(file, "old")
    with pytest.raises(UnicodeEncodeError):
        atomic_write_text(file, "\ud800")
    assert file.read_text() == "old"
    atomic_write_text(file, "new")
    assert file.read_text() == "new"


def writer_of(text):
    return lambda file: file.write(text)


def _file(folder, protocol):
    if protocol:
        pytest.importorskip("upath")
    return storage_path(f"{protocol}{folder.as_posix()}/one.npz")


def _raise_stopped(*_args):
    raise OSError("stopped")
