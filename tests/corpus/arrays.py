"""Array files of the corpus: NumPy and zarr."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.corpus.sample import Sample, frames

grey, deep, colour = frames(), frames(np.uint16), frames(channels=(3,))


def samples_npy() -> Iterator[Sample]:
    """Yield valid, unusual and invalid .npy files."""
    for name in ["u1", "i1", "<u2", ">u2", "<i4", ">i4", "f2", ">f4", "f8", "i8", "u8"]:
        data = frames(name)
        native = data.astype(data.dtype.newbyteorder("="))
        yield Sample(f"{name[-2:]}{name[0] == '>'}.npy", _npy(data), native)
    fortran = np.asfortranarray(colour)
    yield Sample("fortran.npy", _npy(fortran), colour)
    yield Sample("bool.npy", _npy(grey > 9), (grey > 9).view(np.uint8))
    yield Sample("version-3.npy", _version_3, grey)
    for name, data in {
        "complex": frames(np.complex64),
        "object": np.array([None, 1]),
        "pickle": np.array([[["a"] * 20] * 20] * 3, object),
        "scalar": np.array(3),
        "empty": np.zeros((0, 32, 32)),
        "flat": np.zeros((5, 40)),
        "five-axes": np.zeros((3, 2, 2, 20, 20)),
        "text": np.full((3, 20, 20), "a"),
        "date": np.zeros((3, 20, 20), "M8[s]"),
        "record": np.zeros((3, 20, 20), [("a", "u1")]),
        "five-channels": np.zeros((3, 20, 20, 5)),
    }.items():
        yield Sample(f"{name}.npy", _npy(data))
    yield Sample("nan.npy", _npy(holes := np.where(grey > 200, np.nan, grey)), holes)
    yield Sample("longer-than-file.npy", _too_short)
    yield Sample("nothing.npy", lambda path: path.write_bytes(b""))
    yield Sample("huge-header.npy", _huge_header)


def _npy(data: Any) -> Any:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, data)

    return write


def _version_3(path: Path) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array(file, grey, (3, 0))


def _too_short(path: Path) -> None:
    _npy(grey)(path)
    path.write_bytes(path.read_bytes()[:-100])


def _huge_header(path: Path) -> None:
    with path.open("wb") as file:
        header = {
            "descr": "|u1",
            "fortran_order": False,
            "shape": (10**9, 10**4, 10**4),
        }
        np.lib.format.write_array_header_1_0(file, header)


def samples_zarr() -> Iterator[Sample]:
    """Yield valid, unusual and invalid zarr stores."""
    for form in (2, 3):
        for data in (grey, deep, colour, frames(np.float32)):
            name = f"v{form}-{data.dtype}-{data.ndim}.zarr"
            yield Sample(name, _zarr(data, zarr_format=form), data)
        yield Sample(
            f"v{form}-fortran.zarr", _zarr(deep, zarr_format=form, order="F"), deep
        )
        big = deep.astype(">u2")
        yield Sample(f"v{form}-big-endian.zarr", _zarr(big, zarr_format=form), deep)
        yield Sample(f"v{form}-group.zarr", _group(form, ["0"]), deep)
        yield Sample(f"v{form}-groups.zarr", _group(form, ["0", "1"]))
        for version in ("0.4", "0.5"):
            write = _ome(form, version)
            yield Sample(f"v{form}-ome-{version}.zarr", write, deep)
        yield Sample(
            f"v{form}-complex.zarr", _zarr(frames(np.complex64), zarr_format=form)
        )
    yield Sample("sharded.zarr", _zarr(deep, shards=(6, 32, 48)), deep)
    yield Sample("without-suffix", _zarr(deep), deep)
    yield Sample("empty.zarr", lambda path: path.mkdir())


def _zarr(data: Any, **options: Any) -> Any:
    def write(path: Path) -> None:
        import zarr

        zarr.create_array(
            str(path), data=data, chunks=(1, 16, 48, 3)[: data.ndim], **options
        )

    return write


def _group(form: int, names: list[str]) -> Any:
    def write(path: Path) -> None:
        import zarr

        group = zarr.open_group(str(path), mode="w", zarr_format=form)
        for name in names:
            group.create_array(name, data=deep)

    return write


def _ome(form: int, version: str) -> Any:
    def write(path: Path) -> None:
        import zarr

        group = zarr.open_group(str(path), mode="w", zarr_format=form)
        group.create_array("0", data=deep[:, None, None])
        multiscales = [
            {"axes": [{"name": name} for name in "tczyx"], "datasets": [{"path": "0"}]}
        ]
        metadata = {"multiscales": multiscales, "version": version}
        group.attrs.update(metadata if version == "0.4" else {"ome": metadata})

    return write
