import os
import sys
from pathlib import Path

import av
import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image, ImageSequence

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.io.readers.movie import counted_frames, movie_scan
from napari_gnn_vos.io.readers.movie.container import open_movie
from napari_gnn_vos.io.readers.movie.counted_frames import CountedFrames
from napari_gnn_vos.io.readers.movie.movie_frames import MovieFrames

FRAMES = 45
CODECS = {
    ".mp4": "libx264",
    ".m4v": "libx264",
    ".mov": "mjpeg",
    ".avi": "mpeg4",
    ".mkv": "libx264",
    ".webm": "libvpx-vp9",
}


def write_movie(path, codec="libx264", count=FRAMES):
    """Write a movie whose frame t has the grey value 16 + 5 t, see `frame_index`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 48, 32
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = 12
        stream.bit_rate = 4_000_000
        for t in range(count):
            grey = np.full((32, 48, 3), 16 + 5 * t, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey)))
        container.mux(stream.encode(None))
    return path


def frame_index(frame):
    return round((float(frame.mean()) - 16) / 5)


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    return write_movie(tmp_path_factory.mktemp("movie") / "a.mp4")


@pytest.mark.parametrize(("suffix", "codec"), CODECS.items())
def test_frames_are_the_same_in_any_order_of_access(tmp_path, suffix, codec):
    video = read_video(write_movie(tmp_path / f"clip{suffix}", codec))
    assert video.frames.shape == (FRAMES, 32, 48, 3)
    assert video.name == "clip"
    order = [*range(FRAMES), *np.random.default_rng(0).permutation(FRAMES)]
    assert [frame_index(video.rgb(int(t))) for t in order] == [int(t) for t in order]


def test_animated_gif_is_read(tmp_path):
    shades = [Image.new("L", (20, 18), 60 * t) for t in range(4)]
    shades[0].save(tmp_path / "a.gif", save_all=True, append_images=shades[1:])
    video = read_video(tmp_path / "a.gif")
    assert [int(video.rgb(t)[5, 5, 0]) for t in (3, 0, 2, 1)] == [180, 0, 120, 60]


def test_gif_without_delays_has_all_images(tmp_path, caplog):
    images = np.random.default_rng(0).integers(0, 255, (5, 18, 20, 3), np.uint8)
    iio.imwrite(tmp_path / "a.gif", images)  # no graphic control extensions
    with Image.open(tmp_path / "a.gif") as file:
        pages = ImageSequence.Iterator(file)
        expected = [np.asarray(page.convert("RGB")).copy() for page in pages]
    video = read_video(tmp_path / "a.gif")
    assert video.shape[0] == len(expected) == 5
    for t in (4, 0, 3, 1, 2):
        np.testing.assert_array_equal(video.raw(t), expected[t])
    assert not video.notes
    assert "ends early" not in caplog.text


def test_reading_forward_never_seeks(movie, monkeypatch):
    frames = MovieFrames(movie)
    monkeypatch.setattr(frames._source._reader, "_position", pytest.fail)
    assert [frame_index(frames[t]) for t in range(FRAMES)] == list(range(FRAMES))


def test_distant_frame_is_decoded_from_the_keyframe_before_it(movie, monkeypatch):
    frames = MovieFrames(movie)
    monkeypatch.setattr(frames._source._reader, "_restart", pytest.fail)
    assert frame_index(frames[40]) == 40
    assert frame_index(frames[14]) == 14


def test_frames_are_counted_without_keyframes(movie, monkeypatch):
    monkeypatch.setattr(movie_scan, "scan_packets", lambda container: None)
    frames = MovieFrames(movie)
    assert [frame_index(frames[t]) for t in (30, 31, 3, 44)] == [30, 31, 3, 44]


def test_counted_frames_are_read_backwards_in_few_passes(tmp_path, monkeypatch):
    path = tmp_path / "a.avi"
    frames = read_video(write_movie(path, "libx264")).frames
    assert isinstance(frames._source, CountedFrames)
    opened = []

    def count(path):
        opened.append(path)
        return open_movie(path)

    monkeypatch.setattr(counted_frames, "open_movie", count)
    monkeypatch.setattr(counted_frames, "KEPT_BYTES", 10 * 32 * 48 * 3)
    order = [*range(FRAMES)[::-1], 3, 1, 2, 40, 39]
    assert [frame_index(frames[t]) for t in order] == order
    assert len(opened) <= FRAMES // 10 + 4


def test_closed_movie_is_reopened_on_access(movie):
    frames = MovieFrames(movie)
    frames.close()
    frames.close()
    assert frame_index(frames[20]) == 20


def test_movie_that_is_shortened_after_opening_is_reported(tmp_path):
    path = write_movie(tmp_path / "a.mkv")
    frames = MovieFrames(path)
    frames.close()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ReadError, match="ends before packet"):
        frames[FRAMES - 1]
    assert frame_index(frames[3]) == 3


def test_truncated_movie_is_refused(tmp_path, movie):
    content = movie.read_bytes()
    (tmp_path / "half.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(ReadError, match=r"half\.mp4 cannot be read.*ffmpeg -i"):
        read_video(tmp_path / "half.mp4")


def test_audio_file_is_refused(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 800), np.int16), layout="mono"
        )
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
    with pytest.raises(ReadError, match="no video stream"):
        read_video(tmp_path / "a.mkv")


@pytest.mark.parametrize("name", ["12:30:05", "concat:x", "100%d", "[a]{b}*?", "-x"])
def test_any_file_name_is_opened(movie, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = Path(f"{name}.mp4")
    try:
        path.write_bytes(movie.read_bytes())
    except OSError:
        pytest.skip("not a file name on this system")
    assert frame_index(read_video(path).rgb(20)) == 20


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 elsewhere")
def test_file_name_in_another_encoding_is_opened(movie, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    path.write_bytes(movie.read_bytes())
    assert frame_index(read_video(path).rgb(20)) == 20


def test_16_bit_greyscale_is_kept(tmp_path):
    frames = np.random.default_rng(0).integers(0, 4096, (4, 32, 48)).astype(np.uint16)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "gray16le"
        for frame in frames:
            image = av.VideoFrame.from_ndarray(frame, "gray16le")
            container.mux(stream.encode(image))
        container.mux(stream.encode(None))
    video = read_video(tmp_path / "a.mkv")
    for t in (3, 0):
        np.testing.assert_array_equal(video.raw(t), frames[t])


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("ts", "libx264"),
        ("MTS", "libx264"),
        ("vob", "mpeg2video"),
        ("wmv", "wmv2"),
        ("flv", "flv"),
        ("3gp", "libx264"),
        ("mxf", "mpeg2video"),
    ],
)
def test_movies_of_cameras_are_read_in_any_order(tmp_path, suffix, codec):
    path = tmp_path / f"a.{suffix}"
    write_movie(path, codec)
    video = read_video(path)
    assert video.shape[0] == FRAMES
    order = np.random.default_rng(0).permutation(FRAMES).tolist()
    assert [frame_index(video.raw(t)) for t in order] == order


def test_other_video_streams_are_noted(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        streams = [container.add_stream("ffv1", rate=25) for _ in range(2)]
        for stream, size in zip(streams, (32, 48), strict=True):
            stream.width = stream.height = size
            stream.pix_fmt = "yuv420p"
        for stream in streams:  # which are open from the first packet on
            image = np.zeros((stream.height, stream.width, 3), np.uint8)
            for _ in range(3):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        for stream in streams:
            container.mux(stream.encode(None))
    video = read_video(tmp_path / "a.mkv")
    (note,) = video.notes
    other = {32: "48 x 48", 48: "32 x 32"}[video.shape[1]]
    assert f"other video streams of {other}" in note


def cropped(frame: av.VideoFrame, width: int, pixels: str) -> av.VideoFrame:
    """Convert a frame to a pixel format, and crop it.

    The width of the frame must be a multiple of 16. With other widths, FFmpeg's
    conversion of RGB to 10 bits is wrong in some runs: a thread writes eight pixels
    beyond its last row, into the first row of the next thread.
    """
    converted = frame.reformat(format=pixels)
    result = av.VideoFrame(width, frame.height, pixels)
    for source, target in zip(converted.planes, result.planes, strict=True):
        rows = np.frombuffer(source, np.uint8).reshape(source.height, -1)
        target.update(np.ascontiguousarray(rows[:, : target.line_size]))
    return result


@pytest.mark.parametrize("width", [64, 67])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le", "yuv440p12le"])
def test_colours_of_odd_sizes_are_correct(tmp_path, width, pixels):
    image = np.full((49, 96, 3), (200, 30, 40), np.uint8)
    image[:24] = (55, 225, 215)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, 49, pixels
        frame = cropped(av.VideoFrame.from_ndarray(image), width, pixels)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    read = read_video(tmp_path / "a.mkv").raw(0)
    difference = read / (np.iinfo(read.dtype).max / 255) - image[:, :width]
    assert np.abs(np.delete(difference, slice(22, 27), axis=0)).max() < 4


@pytest.mark.parametrize("unknown", [0, 1])
def test_stream_of_an_unknown_codec_is_not_read(tmp_path, unknown):
    path, codecs = tmp_path / "a.mkv", ["libx264", "mpeg4"]
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=25) for codec in codecs]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for t in range(5):
            image = np.full((32, 48, 3), 40 * t, np.uint8)
            for stream in streams:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        for stream in streams:
            container.mux(stream.encode(None))
    name = [b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ASP"][unknown]
    path.write_bytes(path.read_bytes().replace(name, b"V_OTHER/ISO/XYZ"))
    video = read_video(path)
    assert [round(video.raw(t).mean() / 40) for t in range(5)] == [*range(5)]
    assert "an unknown codec" in video.notes[0]
