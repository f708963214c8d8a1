import shutil
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.read import read_video

zarr = pytest.importorskip("zarr")
numcodecs = pytest.importorskip("numcodecs")
frames = np.random.default_rng(0).integers(0, 60000, (4, 20, 24)).astype(np.uint16)


def write_image(path, data, axes, version="0.4", zarr_format=2):
    """Write a multiscale image with two resolutions; `axes` may be None."""
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    group.create_array("0", data=data)
    group.create_array("1", data=data[..., ::2, ::2])
    multiscale = {"datasets": [{"path": "0"}, {"path": "1"}]}
    if axes is not None:
        named = [{"name": name} for name in axes]
        multiscale["axes"] = list(axes) if version == "0.3" else named
    if version == "0.5":
        group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}
    else:
        group.attrs["multiscales"] = [{"version": version, **multiscale}]
    return path


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_array_is_read(tmp_path, zarr_format):
    store = str(tmp_path / "a.zarr")
    zarr.create_array(store, data=frames, zarr_format=zarr_format, chunks=(1, 20, 24))
    video = read_video(tmp_path / "a.zarr")
    np.testing.assert_array_equal(video.raw(2), frames[2])
    assert video.identity


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("folder", ["", "a.zarr"])
def test_zip_file_is_read(tmp_path, zarr_format, folder):
    store = write_image(
        tmp_path / "a.zarr", frames[:, None], "tcyx", "0.4", zarr_format
    )
    with ZipFile(tmp_path / "a.ome.zarr.zip", "w") as archive:
        for file in store.rglob("*"):
            archive.write(file, folder / file.relative_to(store))
    video = read_video(tmp_path / "a.ome.zarr.zip")
    np.testing.assert_array_equal(video.frames[:], frames)


def test_zip_file_without_array_is_refused(tmp_path):
    with ZipFile(tmp_path / "a.zarr.zip", "w") as archive:
        archive.writestr("notes.txt", "frames?")
    with pytest.raises(ReadError, match="no zarr array"):
        read_video(tmp_path / "a.zarr.zip")


@pytest.mark.parametrize(
    ("version", "zarr_format"), [("0.1", 2), ("0.3", 2), ("0.4", 2), ("0.5", 3)]
)
@pytest.mark.parametrize("part", ["", "0"])
def test_full_resolution_of_an_image_is_read(tmp_path, version, zarr_format, part):
    data = frames[:, None, None]
    axes = None if version == "0.1" else "tczyx"
    path = write_image(tmp_path / "a.ome.zarr", data, axes, version, zarr_format)
    video = read_video(path / part)
    assert video.frames.shape == frames.shape
    np.testing.assert_array_equal(video.raw(3), frames[3])


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [
        ("tcyx", (4, 2, 20, 24), (4, 20, 24, 2)),
        ("ctyx", (2, 4, 20, 24), (4, 20, 24, 2)),
        ("zyx", (4, 20, 24), (4, 20, 24)),
        ("tczyx", (1, 3, 5, 20, 24), (5, 20, 24, 3)),
        ("yxt", (20, 24, 5), (5, 20, 24)),
    ],
)
def test_axes_of_an_image_are_assigned_by_name(tmp_path, axes, shape, expected):
    data = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    video = read_video(write_image(tmp_path / "a.zarr", data, axes))
    assert video.frames.shape == expected
    kept = "".join(a for a, n in zip(axes, shape, strict=True) if n > 1)
    time = "t" if "t" in kept else "z"
    order = [kept.index(a) for a in (time, "y", "x", "c") if a in kept]
    np.testing.assert_array_equal(video.raw(2), data.squeeze().transpose(order)[2])


@pytest.mark.parametrize("axes", ["cyx", "tczyx"])
def test_channels_of_one_image_are_no_frames(tmp_path, axes):
    data = frames[:2] if axes == "cyx" else frames[None, :2, None]
    video = read_video(write_image(tmp_path / "a.zarr", data, axes))
    assert video.shape[0] == 1
    np.testing.assert_array_equal(video.raw(0), np.moveaxis(frames[:2], 0, -1))


def test_volume_over_time_is_refused(tmp_path):
    path = write_image(tmp_path / "a.zarr", frames[:, None, None].repeat(3, 2), "tczyx")
    with pytest.raises(ReadError, match=r"axes TZYX of lengths .*Export one plane"):
        read_video(path)


@pytest.mark.parametrize("name", ["a.zarr", "a.zarr/fine", "folder", "folder/fine"])
def test_group_of_one_array_and_its_array_are_read(tmp_path, name):
    zarr.save_group(str(tmp_path / name.split("/")[0]), fine=frames)
    np.testing.assert_array_equal(read_video(tmp_path / name).raw(1), frames[1])


def test_group_of_several_arrays_is_refused_by_their_names(tmp_path):
    zarr.save_group(str(tmp_path / "a.zarr"), coarse=frames[:, ::2], fine=frames)
    with pytest.raises(ReadError, match=r"it has 2: coarse, fine\. Open one"):
        read_video(tmp_path / "a.zarr")


def test_dimension_names_are_used(tmp_path):
    names = ("y", "x", "t")
    data = np.moveaxis(frames, 0, -1)
    zarr.create_array(str(tmp_path / "a.zarr"), data=data, dimension_names=names)
    np.testing.assert_array_equal(read_video(tmp_path / "a.zarr").raw(1), frames[1])


@pytest.mark.parametrize("content", [b"{", b"null", b"[]", b'{"zarr_format": 9}'])
def test_damaged_metadata_are_refused(tmp_path, content):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_bytes(content)
    with pytest.raises(ReadError, match="Expected a zarr array"):
        read_video(tmp_path / "a.zarr")


def test_damaged_chunk_is_reported_with_its_frame(tmp_path):
    path = tmp_path / "a.zarr"
    zarr.create_array(str(path), data=frames, chunks=(1, 20, 24), zarr_format=2)
    (path / "2.0.0").write_bytes(b"damaged")
    with pytest.raises(ReadError, match=r"Frame 2 of .*a\.zarr cannot be read"):
        read_video(path)


def test_array_of_five_axes_without_names_is_refused(tmp_path):
    zarr.create_array(str(tmp_path / "a.zarr"), shape=(2, 1, 1, 20, 24), dtype="u1")
    with pytest.raises(ReadError, match=r"\(2, 1, 1, 20, 24\)"):
        read_video(tmp_path / "a.zarr")


def test_axes_are_assigned_by_type(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    group.create_array("0", data=np.stack([frames, frames // 2], 1))
    names = {"frame": "time", "stain": "channel", "y": "space", "x": "space"}
    axes = [{"name": name, "type": kind} for name, kind in names.items()]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": [{"path": "0"}]}]
    video = read_video(tmp_path / "a.zarr")
    np.testing.assert_array_equal(video.raw(3)[..., 0], frames[3])


def test_spatial_axes_are_recognised_by_their_type(tmp_path):
    image = write_image(tmp_path / "a.zarr", frames, "tyx")
    group = zarr.open_group(str(image), mode="r+")
    (multiscale,) = group.attrs["multiscales"]
    names = {"frame": "time", "row": "space", "column": "space"}
    multiscale["axes"] = [{"name": n, "type": kind} for n, kind in names.items()]
    group.attrs["multiscales"] = [multiscale]
    np.testing.assert_array_equal(read_video(image).frames[:], frames)


def test_chunks_that_are_not_stored_are_noted(tmp_path):
    store = str(tmp_path / "a.zarr")
    zarr.create_array(store, data=frames, chunks=(1, 20, 24), zarr_format=2)
    assert read_video(tmp_path / "a.zarr").notes == []
    (tmp_path / "a.zarr" / "2.0.0").unlink()
    (note,) = read_video(tmp_path / "a.zarr").notes
    assert note.startswith("1 of 4 chunks are not stored")


def test_largest_resolution_is_read_in_any_order(tmp_path):
    image = write_image(tmp_path / "a.zarr", frames, "tyx")
    group = zarr.open_group(str(image), mode="r+")
    (multiscale,) = group.attrs["multiscales"]
    multiscale["datasets"].reverse()
    group.attrs["multiscales"] = [multiscale]
    np.testing.assert_array_equal(read_video(image).frames[:], frames)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_damaged_header_of_a_chunk_is_an_expected_error(tmp_path, zarr_format, zipped):
    path = tmp_path / "a.zarr"
    codec = numcodecs.Blosc() if zarr_format == 2 else zarr.codecs.BloscCodec()
    zarr.create_array(
        str(path),
        data=frames,
        chunks=(2, 13, 24),
        compressors=codec,
        zarr_format=zarr_format,
    )
    video = read_video(path)
    np.testing.assert_array_equal(video.raw(3), frames[3])
    chunk = max(file for file in path.rglob("*") if file.name[-1].isdecimal())
    content = chunk.read_bytes()
    chunk.write_bytes(content[:6] + content[11:])  # the decoder may crash for it
    if zipped:
        path = Path(shutil.make_archive(str(tmp_path / "a.zarr"), "zip", path))
    with pytest.raises(ReadError, match="a chunk is damaged"):
        read_video(path).raw(len(frames) - 1)
