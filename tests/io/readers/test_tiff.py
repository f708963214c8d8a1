import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.export import import_labels
from napari_gnn_vos.io.formats.tiff_labels import (
    LABELS_MARKER,
    read_integer_labels,
    read_labels,
)
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.io.readers.named_axes import video_axes
from tests.corpus.tiffs import write_loop
from tests.io.readers.microscope_files import write_lsm, write_stk

rng = np.random.default_rng(0)
grey = rng.integers(0, 255, (5, 20, 24), np.uint8)
deep = grey.astype(np.uint16) * 250
colour = rng.integers(0, 255, (5, 20, 24, 3), np.uint8)
two_channels = rng.integers(0, 60000, (5, 2, 20, 24), np.uint16)

OPTIONS = {
    "uncompressed": {},
    "zlib": {"compression": "zlib"},
    "big-endian": {"byteorder": ">"},
    "no-metadata": {"metadata": None},
    "tiles": {"tile": (16, 16), "compression": "zlib"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("frames", [grey, deep, colour, deep / 7], ids=str)
def test_stacks_are_read_exactly(tmp_path, options, frames):
    photometric = "rgb" if frames.ndim == 4 else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", frames, photometric=photometric, **options)
    video = read_video(tmp_path / "a.tif")
    assert video.frames.shape == frames.shape
    assert video.frames.dtype == frames.dtype
    for t in (4, 0, 2):
        np.testing.assert_array_equal(video.raw(t), frames[t])


@pytest.mark.parametrize("axes", ["TCYX", "ZCYX"])
@pytest.mark.parametrize("variant", ["imagej", "ome"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_channels_of_a_hyperstack_are_moved_last(tmp_path, variant, axes, compression):
    tifffile.imwrite(
        tmp_path / "a.tif",
        two_channels,
        metadata={"axes": axes},
        compression=compression,
        **{variant: True},
    )
    video = read_video(tmp_path / "a.tif")
    assert video.frames.shape == (5, 20, 24, 2)
    np.testing.assert_array_equal(video.raw(3), np.moveaxis(two_channels[3], 0, -1))
    assert video.rgb(3).dtype == np.uint8


def test_time_after_channels_is_read(tmp_path):
    swapped = np.ascontiguousarray(two_channels.swapaxes(0, 1))
    for compression in (None, "zlib"):
        metadata = {"axes": "CTYX"}
        tifffile.imwrite(
            tmp_path / "a.tif", swapped, metadata=metadata, compression=compression
        )
        video = read_video(tmp_path / "a.tif")
        np.testing.assert_array_equal(video.raw(3), np.moveaxis(two_channels[3], 0, -1))


def test_planar_rgb_is_moved_last(tmp_path):
    planes = np.ascontiguousarray(np.moveaxis(colour, -1, 1))
    tifffile.imwrite(
        tmp_path / "a.tif",
        planes,
        photometric="rgb",
        planarconfig="separate",
        compression="zlib",
    )
    np.testing.assert_array_equal(read_video(tmp_path / "a.tif").raw(2), colour[2])


def test_binary_pages_are_scaled_to_0_and_255(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", grey > 100)
    video = read_video(tmp_path / "a.tif")
    np.testing.assert_array_equal(video.raw(1), (grey[1] > 100) * np.uint8(255))


def test_volumetric_tiles_are_read(tmp_path):
    volumes = {"volumetric": True, "tile": (1, 16, 16), "compression": "zlib"}
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric="minisblack", **volumes)
    np.testing.assert_array_equal(read_video(tmp_path / "a.tif").raw(4), grey[4])


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [
        ("QYX", (9, 32, 40), "TYX"),
        ("IYX", (9, 32, 40), "TYX"),
        ("CYX", (9, 32, 40), "TYX"),
        ("QQYX", (9, 2, 32, 40), "TCYX"),
        ("QQYX", (9, 32, 40, 3), "TYXC"),
        ("CYXS", (9, 32, 40, 3), "TYXC"),
        ("YXS", (32, 40, 3), "YXC"),
    ],
)
def test_unnamed_axes_are_assigned(axes, shape, expected):
    assert video_axes(axes, shape) == expected


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_channels_of_one_image_are_no_frames(tmp_path, name):
    pair, metadata = np.stack([grey[0], 255 - grey[0]]), {"axes": "CYX"}
    if name == "a.tif":
        options = {"imagej": True, "metadata": metadata | {"mode": "composite"}}
        tifffile.imwrite(tmp_path / name, pair, photometric="minisblack", **options)
    else:
        tifffile.imwrite(tmp_path / "b.ome.tif", pair, ome=True, metadata=metadata)
        with tifffile.TiffFile(tmp_path / "b.ome.tif") as file:
            xml = file.ome_metadata.replace("tifffile.py", "OME Bio-Formats")
        tifffile.imwrite(tmp_path / name, pair, description=xml, metadata=None)
    video = read_video(tmp_path / name)
    assert video.shape == (1, *grey.shape[1:])
    np.testing.assert_array_equal(video.raw(0), np.moveaxis(pair, 0, -1))


@pytest.mark.parametrize("options", [{"ome": True}, {"imagej": True}])
def test_frames_that_tifffile_saved_as_channels_are_frames(tmp_path, options):
    path = tmp_path / ("a.ome.tif" if "ome" in options else "a.tif")
    tifffile.imwrite(path, grey[:4], **options)
    np.testing.assert_array_equal(read_video(path).frames[:], grey[:4])


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("photometric", [None, "minisblack"])
@pytest.mark.filterwarnings("ignore:.*are stored as RGB")
def test_axes_that_tifffile_was_given_are_used(tmp_path, count, photometric):
    planes, path = grey[:count], tmp_path / "a.tif"
    for axes in ("CYX", "SYX", "TYX"):
        tifffile.imwrite(path, planes, photometric=photometric, metadata={"axes": axes})
        video = read_video(path)
        frames = planes if axes == "TYX" else np.moveaxis(planes, 0, -1)[None]
        np.testing.assert_array_equal(video.frames[:], frames)


@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.filterwarnings("ignore:.*are stored as RGB")
def test_planes_that_may_be_frames_or_colours_are_refused(tmp_path, count, compression):
    for folder in (tmp_path / "file", tmp_path / "folder"):
        folder.mkdir()
        tifffile.imwrite(folder / "a.tif", grey[:count], compression=compression)
        path = folder if folder.name == "folder" else folder / "a.tif"
        with pytest.raises(ReadError, match="photometric='minisblack'"):
            read_video(path)
    labels = import_labels(tmp_path / "file" / "a.tif")
    np.testing.assert_array_equal(np.stack(list(labels.frames)), grey[:count])


def test_planar_colours_of_other_programs_are_colours(tmp_path):
    options = {"photometric": "rgb", "planarconfig": "separate", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", grey[:3], **options)
    frame = read_video(tmp_path / "a.tif").raw(0)
    np.testing.assert_array_equal(frame, np.moveaxis(grey[:3], 0, -1))


def test_channels_with_names_are_channels(tmp_path):
    metadata = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(tmp_path / "a.ome.tif", grey[:2], metadata=metadata)
    assert read_video(tmp_path / "a.ome.tif").frames.shape == (1, *grey.shape[1:], 2)


def test_channels_that_are_read_as_frames_are_noted(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", grey)
    (note,) = read_video(tmp_path / "a.ome.tif").notes
    assert "channels" in note


@pytest.mark.parametrize("version", ["complete", "cut", "other"])
def test_metamorph_stack_has_one_page_of_many_planes(tmp_path, version):
    path = tmp_path / "a.stk"
    write_stk(path, grey, is_known=version != "other")
    if version == "complete":
        np.testing.assert_array_equal(read_video(path).frames[:], grey)
        return
    if version == "cut":
        path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ReadError, match=r"a\.stk"):
        read_video(path)


@pytest.mark.parametrize("has_thumbnails", [True, False])
def test_lsm_file_alternates_images_and_thumbnails(tmp_path, has_thumbnails):
    path = tmp_path / "a.lsm"
    write_lsm(path, grey, has_thumbnails=has_thumbnails)
    if has_thumbnails:
        np.testing.assert_array_equal(read_video(path).frames[:], grey)
        return
    with pytest.raises(ReadError, match="incomplete"):
        read_video(path)


def test_big_tiff_suffix_is_read(tmp_path):
    tifffile.imwrite(tmp_path / "a.btf", grey, bigtiff=True)
    np.testing.assert_array_equal(read_video(tmp_path / "a.btf").frames[:], grey)


def test_masks_of_transparency_are_no_frames(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for frame in grey:
            file.write(frame, metadata=None, contiguous=False)
            file.write(frame > 9, metadata=None, subfiletype=4)
    np.testing.assert_array_equal(read_video(tmp_path / "a.tif").frames[:], grey)


def test_volume_over_time_is_refused(tmp_path):
    volume = np.zeros((2, 3, 2, 20, 24), np.uint8)
    metadata = {"axes": "TZCYX"}
    tifffile.imwrite(tmp_path / "a.tif", volume, metadata=metadata, imagej=True)
    with pytest.raises(ReadError, match=r"a\.tif: .* axes TZCYX .*Export one plane"):
        read_video(tmp_path / "a.tif")


def test_single_image_is_one_frame(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", colour[0], photometric="rgb")
    np.testing.assert_array_equal(read_video(tmp_path / "a.tif").raw(0), colour[0])


def test_text_file_is_refused(tmp_path):
    (tmp_path / "a.tiff").write_text("not a TIFF")
    with pytest.raises(ReadError, match=r"a\.tiff cannot be read: .*Save it again"):
        read_video(tmp_path / "a.tiff")


def test_damaged_page_is_refused_on_access(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", grey, compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        offset = file.pages[3].dataoffsets[0]
    with (tmp_path / "a.tif").open("r+b") as raw:
        raw.seek(offset)
        raw.write(b"nonsense")
    video = read_video(tmp_path / "a.tif")
    with pytest.raises(ReadError, match=r"a\.tif cannot be read"):
        video.raw(3)


def test_appended_pages_are_frames(tmp_path):
    for frame in grey:
        tifffile.imwrite(tmp_path / "a.tif", frame, append=True)
    for frames in (grey[:2], grey[2:]):
        tifffile.imwrite(
            tmp_path / "b.tif", frames, append=True, photometric="minisblack"
        )
    for name in ("a.tif", "b.tif"):
        video = read_video(tmp_path / name)
        assert video.shape == (5, 20, 24)
        for t in (4, 0, 2):
            np.testing.assert_array_equal(video.raw(t), grey[t])


def test_palette_images_are_rgb(tmp_path):
    colours = np.zeros((256, 3), np.uint8)
    colours[:3] = [[255, 0, 0], [0, 255, 0], [10, 20, 255]]
    images = [Image.fromarray(frame % 3, "P") for frame in grey]
    for t, image in enumerate(images):
        image.putpalette(colours.ravel().tolist())
        (tmp_path / "folder").mkdir(exist_ok=True)
        image.save(tmp_path / "folder" / f"{t}.tif")
    images[0].save(tmp_path / "a.tif", save_all=True, append_images=images[1:])
    for path in (tmp_path / "a.tif", tmp_path / "folder"):
        np.testing.assert_array_equal(read_video(path).raw(3), colours[grey[3] % 3])


@pytest.mark.parametrize("frames", [grey, deep], ids=["uint8", "uint16"])
def test_white_is_zero_images_are_inverted(tmp_path, frames):
    tifffile.imwrite(tmp_path / "a.tif", frames, photometric="miniswhite")
    video = read_video(tmp_path / "a.tif")
    np.testing.assert_array_equal(video.raw(1), np.iinfo(frames.dtype).max - frames[1])


def test_cmyk_images_are_converted_to_rgb(tmp_path):
    cmyk = np.zeros((3, 20, 24, 4), np.uint8)
    cmyk[:, :10] = [255, 0, 0, 0]
    cmyk[:, 15:, :, 3] = 255
    tifffile.imwrite(tmp_path / "a.tif", cmyk, photometric="separated")
    frame = read_video(tmp_path / "a.tif").raw(1)
    assert frame[[0, 12, 19], 0].tolist() == [[0, 255, 255], [255] * 3, [0] * 3]


def test_several_positions_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(grey, metadata={"axes": "TYX"})
        writer.write(grey, metadata={"axes": "TYX"})
    with pytest.raises(ReadError, match=r"has 2, for example positions"):
        read_video(tmp_path / "a.ome.tif")


def test_series_of_different_sizes_are_refused(tmp_path):
    for frames in (grey, grey[:, :18]):
        tifffile.imwrite(tmp_path / "a.tif", frames, append=True)
    with pytest.raises(ReadError, match="Export each series"):
        read_video(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", ["lzw", "zstd", "packbits", "lzma"])
def test_compressed_stacks_are_read(tmp_path, compression):
    tifffile.imwrite(tmp_path / "a.tif", grey, compression=compression)
    np.testing.assert_array_equal(read_video(tmp_path / "a.tif").raw(3), grey[3])


def test_each_page_has_its_own_palette(tmp_path):
    path, rng = tmp_path / "a.tif", np.random.default_rng(0)
    palettes = rng.integers(0, 256, (3, 3, 256), np.uint16) * 257
    pages = rng.integers(0, 256, (3, 20, 24), np.uint8)
    with tifffile.TiffWriter(path) as writer:
        for page, palette in zip(pages, palettes, strict=True):
            writer.write(page, photometric="palette", colormap=palette, metadata=None)
    video = read_video(path)
    for t in (2, 0, 1):
        expected = (palettes[t] // 257).T[pages[t]]
        np.testing.assert_array_equal(video.raw(t), expected)


def test_each_page_has_its_own_zero(tmp_path):
    path = tmp_path / "a.tif"
    page = np.random.default_rng(0).integers(0, 256, (20, 24), np.uint8)
    with tifffile.TiffWriter(path) as writer:
        for zero in ("minisblack", "miniswhite", "minisblack"):
            data = 255 - page if zero == "miniswhite" else page
            writer.write(data, photometric=zero, metadata=None)
    video = read_video(path)
    for t in range(3):
        np.testing.assert_array_equal(video.raw(t), page)


@pytest.mark.parametrize("tag", ["length", "orientation"])
def test_page_in_the_middle_that_differs_is_refused(tmp_path, tag):
    path, page = tmp_path / "a.tif", np.zeros((20, 24), np.uint8)
    with tifffile.TiffWriter(path) as writer:
        for t in range(13):
            odd = t == 6
            turned = [(274, "H", 1, 3 if odd and tag == "orientation" else 1, True)]
            data = page[:18] if odd and tag == "length" else page
            options = {"metadata": None, "extratags": turned}
            writer.write(data, photometric="minisblack", **options)
    with pytest.raises(ReadError, match=f"page 6 has {tag}|one image series"):
        read_video(path)


@pytest.mark.parametrize("fraction", [0.3, 0.5, 0.7, 0.9])
def test_file_that_is_cut_is_refused(tmp_path, fraction):
    rng = np.random.default_rng(0)
    first, *rest = [
        Image.fromarray(rng.integers(0, 256, (40, 48, 3), np.uint8)) for _ in range(6)
    ]
    path = tmp_path / "a.tif"
    first.save(path, save_all=True, append_images=rest, compression="tiff_lzw")
    assert read_video(path).shape[0] == 6
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(ReadError, match=r"incomplete|cannot be read"):
        read_video(path)


def test_pages_that_imagej_has_counted_are_required(tmp_path):
    path, text = tmp_path / "a.tif", "ImageJ=1.53\nimages=6\nframes=6\n"
    with tifffile.TiffWriter(path) as writer:
        for _ in range(4):
            page = np.zeros((20, 24), np.uint8)
            options = {"photometric": "minisblack", "metadata": None}
            writer.write(page, description=text, **options)
    with pytest.raises(ReadError, match="Expected 6 pages"):
        read_video(path)


def test_grey_with_alpha_is_read_as_colour_with_alpha(tmp_path):
    path, rng = tmp_path / "a.tif", np.random.default_rng(0)
    pages = rng.integers(0, 256, (3, 20, 24, 2), np.uint8)
    first, *rest = [Image.fromarray(page, "LA") for page in pages]
    first.save(path, save_all=True, append_images=rest)
    video = read_video(path)
    np.testing.assert_array_equal(video.raw(1), pages[1][..., [0, 0, 0, 1]])
    np.testing.assert_array_equal(video.rgb(1), pages[1][..., [0, 0, 0]])


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
def test_ycbcr_is_converted_to_rgb(tmp_path, compression):
    path, rng = tmp_path / "a.tif", np.random.default_rng(0)
    frames = rng.integers(0, 256, (3, 20, 24, 3), np.uint8)
    first, *rest = [Image.fromarray(frame).convert("YCbCr") for frame in frames]
    options = {} if compression is None else {"compression": compression}
    first.save(path, save_all=True, append_images=rest, **options)
    video = read_video(path)
    for t in (2, 0, 1):
        expected = np.asarray([first, *rest][t].convert("RGB"))
        assert np.abs(video.raw(t).astype(int) - expected).max() <= 1


def test_subsampled_ycbcr_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    page = Image.new("YCbCr", (24, 20), (90, 30, 200))
    page.save(path)
    content = path.read_bytes()  # the tag 530 with the values 1, 1
    tag = b"\x12\x02\x03\x00\x02\x00\x00\x00"
    path.write_bytes(content.replace(tag + b"\1\0\1\0", tag + b"\2\0\2\0"))
    with pytest.raises(ReadError, match=r"YCBCR|subsampling"):
        read_video(path)


def test_loops_of_pages_are_refused_before_pages_are_listed(tmp_path, monkeypatch):
    path = tmp_path / "loop.tif"
    write_loop(path, LABELS_MARKER)

    def endless(_pages):
        pytest.fail("pages are listed")

    monkeypatch.setattr(tifffile.TiffPages, "__iter__", endless)
    monkeypatch.setattr(tifffile.TiffPages, "__len__", endless)
    with pytest.raises(ReadError, match="incomplete or damaged after 6"):
        read_video(path)
    assert read_labels(path) is None
    assert read_integer_labels(path) is None


@pytest.mark.parametrize("kind", ["int8", "int16", "float32"])
def test_white_is_zero_is_inverted_for_all_types(tmp_path, kind):
    stored = np.linspace(-100, 100, 3 * 20 * 24).reshape(3, 20, 24).astype(kind)
    options = {"photometric": "miniswhite", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", stored, **options)
    shown = read_video(tmp_path / "a.tif").rgb(1)[..., 0].ravel().astype(float)
    assert np.corrcoef(shown, stored[1].ravel())[0, 1] < -0.9


def write_scanimage(path, description):
    with tifffile.TiffWriter(path) as writer:
        for frame in grey:
            writer.write(
                frame, metadata=None, contiguous=False, description=description
            )


def test_all_pages_of_scanimage_are_read(tmp_path):
    write_scanimage(tmp_path / "a.tif", "state.software.version = 3\nscanimage.SI5.x=1")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.is_scanimage
    np.testing.assert_array_equal(read_video(tmp_path / "a.tif").frames[:], grey)


def test_channels_of_scanimage_are_refused(tmp_path):
    text = "scanimage.SI5.channelsSave = [1;2]\nscanimage.SI5.x = 1"
    write_scanimage(tmp_path / "a.tif", text)
    with pytest.raises(ReadError, match=r"channelsSave = \[1;2.*separate TIFF"):
        read_video(tmp_path / "a.tif")


def test_channels_of_later_versions_of_scanimage_are_refused(tmp_path):
    options = {"bigtiff": True, "metadata": None, "photometric": "minisblack"}
    text = "SI.LINE_FORMAT_VERSION = 1\nSI.VERSION_MAJOR = 2018\nSI.hChannels."
    for channels, is_single in (("1", True), ("[1;2]", False)):
        program = f"{text}channelSave = {channels}"
        tifffile.imwrite(tmp_path / "a.tif", grey, software=program, **options)
        if is_single:
            np.testing.assert_array_equal(
                read_video(tmp_path / "a.tif").raw(4), grey[4]
            )
            continue
        with pytest.raises(ReadError, match=r"channelSave = \[1;2.*separate TIFF"):
            read_video(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "description",
    [
        '{"shape": [5, 20, 48]}',
        "ImageJ=1.53t\nimages=3\nframes=3\nhyperstack=true\n",
    ],
)
def test_metadata_of_fewer_pages_are_refused(tmp_path, description):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for frame in grey:
            writer.write(
                frame, metadata=None, contiguous=False, description=description
            )
            description = None
    # the lowest version of tifffile gives no axes for such metadata
    expected = f"Expected ({len(grey)} planes|the axes time, rows, columns)"
    with pytest.raises(ReadError, match=expected):
        read_video(tmp_path / "a.tif")


def test_ome_metadata_of_fewer_planes_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "short.ome.tif", ome=True) as writer:
        writer.write(grey[:2], photometric="minisblack", metadata={"axes": "TYX"})
    with tifffile.TiffFile(tmp_path / "short.ome.tif") as file:
        description = file.ome_metadata
    options = {"photometric": "minisblack", "metadata": None}
    tifffile.imwrite(tmp_path / "a.ome.tif", grey, description=description, **options)
    with pytest.raises(ReadError, match=r"planes.*describe 2"):
        read_video(tmp_path / "a.ome.tif")


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"ome": True}])
@pytest.mark.parametrize("axes", ["TZCYX", "TCZYX", "ZTCYX", "ZCTYX"])
def test_axes_of_one_plane_are_left_out(tmp_path, axes, options):
    frames = np.random.default_rng(0).integers(0, 255, (4, 20, 24), np.uint8)
    shape = [{"T": 4, "Y": 20, "X": 24}.get(axis, 1) for axis in axes]
    tifffile.imwrite(
        tmp_path / "a.tif",
        frames.reshape(shape),
        photometric="minisblack",
        metadata={"axes": axes},
        **options,
    )
    video = read_video(tmp_path / "a.tif")
    assert video.frames.shape == (4, 20, 24)
    for t in (3, 0, 2, 1):
        np.testing.assert_array_equal(video.raw(t), frames[t])
