import os
from pathlib import Path

import av
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from napari_gnn_vos.errors import ReadError, VideoError
from napari_gnn_vos.io.natural_order import natural_order, sort_naturally
from napari_gnn_vos.io.read import frame_names, read_video
from napari_gnn_vos.io.readers.folder import image_files
from napari_gnn_vos.io.readers.image_file import read_image
from napari_gnn_vos.vision import cv2

rng = np.random.default_rng(0)
grey = rng.integers(0, 255, (20, 24), np.uint8)
colour = rng.integers(0, 255, (20, 24, 3), np.uint8)
alpha = rng.integers(1, 255, (20, 24, 4), np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
@pytest.mark.parametrize("image", [grey, colour], ids=["grey", "colour"])
def test_lossless_images_are_read_exactly(tmp_path, suffix, image):
    Image.fromarray(image).save(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), image)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_images_are_read_approximately(tmp_path, suffix):
    smooth = cv2.GaussianBlur(colour, (0, 0), 6)
    Image.fromarray(smooth).save(tmp_path / f"a{suffix}", quality=95)
    difference = read_image(tmp_path / f"a{suffix}").astype(int) - smooth
    assert np.abs(difference).max() < 12


def test_alpha_and_palettes_are_read(tmp_path):
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    np.testing.assert_array_equal(read_image(tmp_path / "alpha.png"), alpha)
    with_palette = Image.fromarray(np.eye(20, dtype=np.uint8))
    with_palette.putpalette([0, 0, 0, 200, 100, 50])
    with_palette.save(tmp_path / "palette.png")
    assert read_image(tmp_path / "palette.png")[3, 3].tolist() == [200, 100, 50]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_images_keep_their_depth(tmp_path, suffix):
    deep = colour.astype(np.uint16) * 200
    if suffix == ".tif":
        tifffile.imwrite(tmp_path / "a.tif", deep, photometric="rgb")
    else:
        cv2.imwrite(str(tmp_path / "a.png"), deep[..., ::-1])
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), deep)


@pytest.mark.parametrize(
    "names",
    [
        ["t_0.05.png", "t_0.1.png", "t_0.15.png", "t_0.2.png", "t_1.0.png"],
        ["1.9.png", "1.10.png", "2.1.png"],
        ["v0.5s.png", "v1.0s.png", "v10.0s.png"],
        ["2021.1.05.png", "2021.1.06.png", "2021.2.01.png"],
    ],
)
def test_decimal_numbers_are_ordered_by_value(names):
    paths = [Path(name) for name in names]
    assert sort_naturally(paths[::-1]) == paths


def test_files_are_sorted_in_natural_order():
    names = ["a10.png", "a9.png", "A1.png", "b.png", "a.png"]
    ordered = [path.name for path in sorted(map(Path, names), key=natural_order)]
    assert ordered == ["a.png", "A1.png", "a9.png", "a10.png", "b.png"]


def test_other_and_hidden_files_are_ignored(tmp_path):
    for name in ("1.JPG", "2.jpeg", "._1.jpg", "Thumbs.db"):
        (tmp_path / name).touch()
    assert [file.name for file in image_files(tmp_path)] == ["1.JPG", "2.jpeg"]


def test_folder_without_images_is_refused(tmp_path):
    with pytest.raises(
        ReadError, match=r"there is none in .*folder that contains the images"
    ):
        read_video(tmp_path)


def test_images_of_two_formats_are_refused(tmp_path):
    for name in ("1.jpg", "2.jpg", "mask.png"):
        Image.fromarray(grey).save(tmp_path / name)
    with pytest.raises(ReadError, match="2 JPEG and 1 PNG"):
        read_video(tmp_path)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        pytest.param(grey[:18], r"frame 1, 1\.png, has \(18, 24\)", id="size"),
        pytest.param(grey.astype(np.uint16), r"1\.png, has another bit", id="type"),
    ],
)
def test_frame_unlike_the_first_is_refused_on_opening(tmp_path, second, message):
    for t, image in enumerate((grey, second)):
        Image.fromarray(image).save(tmp_path / f"{t}.png")
    with pytest.raises(VideoError, match=message):
        read_video(tmp_path)


def test_colour_frame_of_another_depth_is_refused_on_opening(tmp_path):
    for t, image in enumerate((colour, colour.astype(np.uint16))):
        cv2.imwrite(str(tmp_path / f"{t}.png"), image)
    with pytest.raises(VideoError, match=r"1\.png, has another bit depth"):
        read_video(tmp_path)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        pytest.param(grey[:18], r"frame 1, 1\.tif, has \(18, 24\)", id="size"),
        pytest.param(grey.astype(np.uint16), r"1\.tif, has uint16", id="type"),
        pytest.param(np.stack([grey] * 2), "frames of 1 and 2 channels", id="channels"),
    ],
)
def test_tiff_unlike_the_first_is_refused_on_opening(tmp_path, second, message):
    tifffile.imwrite(tmp_path / "0.tif", grey)
    axes = {"axes": "CYX"[3 - second.ndim :]}
    tifffile.imwrite(tmp_path / "1.tif", second, imagej=True, metadata=axes)
    with pytest.raises(VideoError, match=message):
        read_video(tmp_path)


def test_frame_with_alpha_gives_the_other_frames_alpha(tmp_path):
    Image.fromarray(colour).save(tmp_path / "0.png")
    Image.fromarray(colour).convert("RGBA").save(tmp_path / "1.png")
    video = read_video(tmp_path)
    for t in range(2):
        np.testing.assert_array_equal(video.raw(t)[..., :3], colour)
        assert (video.raw(t)[..., 3] == 255).all()


def test_folder_with_the_name_of_an_image_is_ignored(tmp_path):
    for t in range(2):
        Image.fromarray(grey).save(tmp_path / f"{t}.png")
    (tmp_path / "2.png").mkdir()
    assert read_video(tmp_path).shape[0] == 2


@pytest.mark.parametrize(
    "pattern",
    ["img{t:03d}{c}.png", "t{t:02d}_z{z:02d}.png", "{well}_{t}.png", "{t}{mask}.png"],
)
def test_several_images_per_time_point_are_refused(tmp_path, pattern):
    for t in range(4):
        for k in range(2):
            name = pattern.format(
                t=t, z=k, c=("DAPI", "GFP")[k], well=f"A0{k + 1}", mask=("", "_mask")[k]
            )
            Image.fromarray(grey).save(tmp_path / name)
    with pytest.raises(ReadError, match="Expected one file per frame"):
        read_video(tmp_path)


def test_volumes_of_several_files_are_refused(tmp_path):
    for t in range(2):
        stack, axes = np.stack([grey] * 3), {"axes": "ZYX"}
        tifffile.imwrite(tmp_path / f"{t}.tif", stack, imagej=True, metadata=axes)
    with pytest.raises(ReadError, match="slices of a volume"):
        read_video(tmp_path)
    (tmp_path / "1.tif").unlink()
    assert read_video(tmp_path).shape[0] == 3


@pytest.mark.parametrize("content", [b"no image", b""], ids=["broken", "empty"])
def test_damaged_frame_is_refused_on_opening(tmp_path, content):
    for t in range(3):
        Image.fromarray(grey).save(tmp_path / f"{t}.png")
    (tmp_path / "2.png").write_bytes(content)
    with pytest.raises(ReadError, match=r"2\.png, but it is missing or damaged"):
        read_video(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp"])
@pytest.mark.parametrize("fraction", [0.5, 0.98])
def test_cut_image_is_refused_on_opening(tmp_path, suffix, fraction):
    for t in range(3):
        Image.fromarray(colour).save(tmp_path / f"{t}.{suffix}")
    cut = tmp_path / f"1.{suffix}"
    cut.write_bytes(cut.read_bytes()[: int(fraction * cut.stat().st_size)])
    with pytest.raises(ReadError, match=rf"1\.{suffix}, but it is missing or damaged"):
        read_video(tmp_path)


def test_jpegs_with_a_second_image_are_frames(tmp_path):
    gain_map = Image.fromarray(grey[:10])
    for t in range(2):
        image = Image.fromarray(np.full_like(colour, 100 * t))
        options = {"format": "MPO", "save_all": True, "append_images": [gain_map]}
        image.save(tmp_path / f"{t}.jpg", **options)
    video = read_video(tmp_path)
    assert [int(video.rgb(t).mean()) for t in range(2)] == [0, 100]


@pytest.mark.parametrize(
    "names", [("0.png", "0.PNG"), ("a1.tif", "a1.tiff"), ("1.jpg", "001.jpeg")]
)
def test_two_files_of_one_number_are_refused(tmp_path, names):
    for name in names:
        Image.fromarray(grey).save(tmp_path / name)
    if len([*tmp_path.iterdir()]) < 2:
        pytest.skip("the disk does not distinguish capitals")
    with pytest.raises(ReadError, match="Move one of them"):
        read_video(tmp_path)


def test_times_with_a_fraction_are_no_channels(tmp_path):
    for t in range(8):
        Image.fromarray(np.full_like(grey, t)).save(tmp_path / f"t={t / 2}s.png")
    video = read_video(tmp_path)
    assert [int(video.raw(t)[0, 0]) for t in range(8)] == [*range(8)]


def test_other_content_of_a_folder_is_named(tmp_path):
    for name in ("0.jp2", "1.jp2"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "masks").mkdir()
    with pytest.raises(ReadError, match=r"but 2 \.jp2 files, 1 folders\."):
        read_video(tmp_path)


def test_removed_frame_is_refused_on_access(tmp_path):
    for t in range(3):
        Image.fromarray(grey).save(tmp_path / f"{t}.png")
    video = read_video(tmp_path)
    (tmp_path / "2.png").unlink()
    with pytest.raises(ReadError, match=r"2\.png, but it is missing or damaged"):
        video.rgb(2)


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_animations_are_refused(tmp_path, suffix):
    images = [Image.fromarray(np.roll(colour, t)) for t in range(3)]
    for name in "ab":
        path = tmp_path / f"{name}.{suffix}"
        images[0].save(path, save_all=True, append_images=images[1:])
    with pytest.raises(ReadError, match="an animation of 3 images"):
        read_video(tmp_path)


def test_stacks_are_concatenated(tmp_path):
    frames = rng.integers(0, 255, (9, 20, 24), np.uint8)
    for part in range(3):
        stack = frames[3 * part : 3 * part + 3]
        tifffile.imwrite(tmp_path / f"{part}.tif", stack, photometric="minisblack")
    video = read_video(tmp_path)
    assert video.shape == (9, 20, 24)
    for t in (8, 0, 4, 3, 7):
        np.testing.assert_array_equal(video.raw(t), frames[t])


def test_channels_of_a_hyperstack_per_file_are_kept(tmp_path):
    frames = rng.integers(0, 60000, (4, 2, 20, 24)).astype(np.uint16)
    for t, frame in enumerate(frames):
        metadata = {"axes": "CYX"}
        tifffile.imwrite(tmp_path / f"{t}.tif", frame, imagej=True, metadata=metadata)
    video = read_video(tmp_path)
    np.testing.assert_array_equal(video.raw(2), np.moveaxis(frames[2], 0, -1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    image = Image.fromarray(cv2.resize(colour, (48, 40)))
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as saved:
        expected = np.asarray(ImageOps.exif_transpose(saved))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), expected)


@pytest.mark.parametrize("first", [0, 1])
def test_grey_images_among_colour_images_are_converted(tmp_path, first):
    for t, image in enumerate((colour, grey, colour)[first:]):
        Image.fromarray(image).save(tmp_path / f"{t}.png")
    video = read_video(tmp_path)
    np.testing.assert_array_equal(video.raw(1 - first), np.dstack([grey] * 3))
    np.testing.assert_array_equal(video.raw(2 - first), colour)


@pytest.mark.parametrize("pattern", ["img_{t:03d}_{c}.png", "{c}_t{t}.png"])
def test_one_file_per_channel_is_refused(tmp_path, pattern):
    for t in range(4):
        for channel in ("DAPI", "GFP"):
            image = Image.fromarray(grey)
            image.save(tmp_path / pattern.format(t=t, c=channel))
    with pytest.raises(ReadError, match="positions DAPI, GFP"):
        read_video(tmp_path)


@pytest.mark.parametrize(
    "pattern", ["{:05d}.png", "a_{}_b.png", "2024_01_{:02d}.png", "frame{}.png"]
)
def test_numbered_names_are_no_channels(tmp_path, pattern):
    for t in range(4):
        Image.fromarray(grey).save(tmp_path / pattern.format(t))
    assert read_video(tmp_path).shape[0] == 4


def _images(folder, names):
    for number, name in enumerate(names):
        Image.fromarray(np.full((20, 24), number, np.uint8)).save(folder / name)


@pytest.mark.parametrize(
    "names",
    [
        ["0.png", "1.png", "2.png", "background.png"],
        ["0.png", "1.png", "1 (1).png"],
        ["0.png", "1.png", "1 copy.png"],
        ["0.png", "1.png", "1 - Copy (2).png"],
        ["a_1.png", "a_2.png", "a_3.png", "b_1.png", "b_2.png"],
    ],
)
def test_files_that_are_no_frames_are_refused(tmp_path, names):
    _images(tmp_path, names)
    with pytest.raises(ReadError, match=r"to (its own|another) folder"):
        read_video(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ["img.png", "img1.png", "img2.png", "img10.png"],
        ["img.png", "img (1).png", "img (2).png", "img (3).png"],
        ["2024.png", "2024 (1).png", "2024 (2).png"],
        ["t-10.png", "t-9.png", "t0.png", "t1.png", "t10.png"],
        ["-1.png", "0.png", "1.png"],
        ["2024-01-09.png", "2024-01-10.png", "2024-02-01.png"],
        ["before.png", "later.png", "so.png"],
    ],
)
def test_sequences_are_read_in_their_order(tmp_path, names):
    _images(tmp_path, names)
    video = read_video(tmp_path)
    assert frame_names(video) == names
    assert [int(video.raw(t).max()) for t in range(len(names))] == [*range(len(names))]


def test_gap_in_the_numbers_is_noted(tmp_path):
    _images(tmp_path, [f"{t:03d}.png" for t in (0, 5, 10, 25, 30)])
    (note,) = read_video(tmp_path).notes
    assert "missing in the sequence: 15, 20." in note


@pytest.mark.parametrize(
    "numbers", [(0, 5, 10, 15), (0, 3, 4, 9, 11, 20), (5,), (1000, 2003, 3001)]
)
def test_other_numbers_are_no_gaps(tmp_path, numbers):
    _images(tmp_path, [f"{t}.png" for t in numbers])
    assert not read_video(tmp_path).notes


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "WebP"])
def test_images_with_the_suffix_of_another_format_are_read(tmp_path, form):
    smooth = cv2.GaussianBlur(colour, (0, 0), 6)
    for t in range(3):
        Image.fromarray(smooth).save(tmp_path / f"{t}.tif", form)
    expected = read_image(tmp_path / "0.tif")
    assert np.abs(expected.astype(int) - smooth).max() < 12
    for path in (tmp_path, tmp_path / "1.tif"):
        np.testing.assert_array_equal(read_video(path).raw(0), expected)


def test_stack_with_the_suffix_of_an_image_has_all_frames(tmp_path):
    stack = np.arange(6 * 20 * 24).reshape(6, 20, 24).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stack)
    (tmp_path / "a.tif").rename(tmp_path / "a.png")
    for path in (tmp_path, tmp_path / "a.png"):
        np.testing.assert_array_equal(read_video(path).frames[:], stack)
    Image.fromarray(stack[0].astype(np.uint8)).save(tmp_path / "b.png")
    with pytest.raises(ReadError, match=r"a\.png is a TIFF"):
        read_video(tmp_path)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("channels", [3, 4])
def test_single_animation_is_a_video(tmp_path, suffix, channels):
    images = np.full((5, 20, 24, channels), 255, np.uint8)
    for t in range(5):
        images[t, 3:9, 3 * t : 3 * t + 6, :3] = (200, 40 * t, 7)
    first, *others = map(Image.fromarray, images)
    path = tmp_path / f"a{suffix}"
    first.save(
        path,
        save_all=True,
        append_images=others,
        lossless=True,
        duration=[9, 500, 20, 0, 80],
    )
    video = read_video(path)
    for t in (4, 0, 3, 1, 2):
        np.testing.assert_array_equal(video.rgb(t), images[t, ..., :3])
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ReadError, match="missing or damaged"):
        read_video(path).raw(4)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_orientation_of_an_animation_is_applied(tmp_path, suffix):
    first = Image.fromarray(colour)
    exif = first.getexif()
    exif[0x0112] = 6
    others = [Image.fromarray(255 - colour)]
    path = tmp_path / f"a{suffix}"
    first.save(path, save_all=True, append_images=others, lossless=True, exif=exif)
    video = read_video(path)
    np.testing.assert_array_equal(video.raw(1)[..., :3], np.rot90(255 - colour, -1))


@pytest.mark.parametrize("pixels", ["gray16be", "rgb48be"])
def test_animation_of_16_bits_keeps_its_depth(tmp_path, pixels):
    shape = (4, 20, 24) if pixels == "gray16be" else (4, 20, 24, 3)
    images = np.full(shape, 300, np.uint16)
    for t in range(4):
        images[t, 3:9, 3 * t : 3 * t + 6] = 9_000 + 17 * t
    path = tmp_path / "a.png"
    with av.open(str(path), "w", format="apng") as container:
        stream = container.add_stream("apng", rate=10)
        stream.width, stream.height, stream.pix_fmt = 24, 20, pixels
        for image in images:
            name = pixels.replace("be", "le")
            frame = av.VideoFrame.from_ndarray(image, name)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    video = read_video(path)
    assert video.frames.dtype == np.uint16
    for t in (3, 0, 2, 1):
        np.testing.assert_array_equal(video.raw(t), images[t])


def test_default_image_of_an_animation_is_no_frame(tmp_path):
    default, *images = (Image.fromarray(colour // (t + 1)) for t in range(4))
    path = tmp_path / "a.png"
    default.save(path, save_all=True, append_images=images, default_image=True)
    video = read_video(path)
    assert video.shape[0] == 3
    for t in (2, 0, 1):
        np.testing.assert_array_equal(video.raw(t), np.asarray(images[t]))


def write_data_set(folder, frames, planes):
    """Write an OME data set; `planes` are the numbers of the frames of each file."""
    parts = [f'<UUID FileName="{k}.ome.tif">urn:uuid:{k}</UUID>' for k in range(9)]
    tags = "".join(
        f'<TiffData IFD="{i}" FirstT="{t}" PlaneCount="1">{parts[k]}</TiffData>'
        for k, numbers in enumerate(planes)
        for i, t in enumerate(numbers)
    )
    height, width = frames.shape[1:]
    pixels = (
        f'<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="{width}" '
        f'SizeY="{height}" SizeC="1" SizeZ="1" SizeT="{len(frames)}">{tags}</Pixels>'
    )
    for k, numbers in enumerate(planes):
        xml = (
            '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/'
            f'2016-06" UUID="urn:uuid:{k}"><Image ID="Image:0">{pixels}</Image></OME>'
        )
        options = {"description": xml, "metadata": None, "photometric": "minisblack"}
        tifffile.imwrite(folder / f"{k}.ome.tif", frames[numbers], **options)


@pytest.mark.parametrize(
    "planes", [[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0], [1], [2]]]
)
def test_files_of_an_ome_data_set_are_one_video(tmp_path, planes):
    frames = rng.integers(0, 255, (sum(map(len, planes)), 20, 24), np.uint8)
    write_data_set(tmp_path, frames, planes)
    np.testing.assert_array_equal(read_video(tmp_path).frames[:], frames)
    identity = read_video(tmp_path / "0.ome.tif").identity
    os.utime(tmp_path / "1.ome.tif", ns=(1, 1))
    assert read_video(tmp_path / "0.ome.tif").identity != identity
    tifffile.imwrite(tmp_path / "9.tif", grey)
    with pytest.raises(ReadError, match=r"other images .* such as 9\.tif"):
        read_video(tmp_path)


def test_data_set_with_a_file_per_channel_is_one_video(tmp_path):
    frames = rng.integers(0, 255, (4, 2, 20, 24), np.uint8)
    names = [[f"t{t}_c{c}.ome.tif" for c in range(2)] for t in range(4)]
    planes = "".join(
        f'<TiffData IFD="0" FirstT="{t}" FirstC="{c}" PlaneCount="1">'
        f'<UUID FileName="{names[t][c]}">urn:uuid:{t}{c}</UUID></TiffData>'
        for t, c in np.ndindex(4, 2)
    )
    channels = "".join(f'<Channel ID="Channel:0:{c}" Name="{c}"/>' for c in range(2))
    for t, c in np.ndindex(4, 2):
        xml = (
            '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/'
            f'2016-06" UUID="urn:uuid:{t}{c}"><Image ID="Image:0"><Pixels ID="P:0" '
            'DimensionOrder="XYCZT" Type="uint8" SizeX="24" SizeY="20" SizeC="2" '
            f'SizeZ="1" SizeT="4">{channels}{planes}</Pixels></Image></OME>'
        )
        options = {"description": xml, "metadata": None, "photometric": "minisblack"}
        tifffile.imwrite(tmp_path / names[t][c], frames[t, c], **options)
    video = read_video(tmp_path)
    np.testing.assert_array_equal(video.raw(3), np.moveaxis(frames[3], 0, -1))


def test_file_of_a_data_set_that_another_file_describes_is_noted(tmp_path):
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/'
        '2016-06"><BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:x"/></OME>'
    )
    for t in range(3):
        path = tmp_path / f"{t}.ome.tif"
        tifffile.imwrite(path, grey + t, description=xml, metadata=None)
    assert "Open the folder" in read_video(tmp_path / "1.ome.tif").notes[0]
    video = read_video(tmp_path)
    assert video.shape[0] == 3
    assert not video.notes
