"""Movies whose frames cannot be found by counting: cut, damaged, reordered ones."""

import logging
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.read import read_video
from napari_gnn_vos.io.readers.movie import movie_scan
from napari_gnn_vos.io.readers.movie.container import open_movie
from napari_gnn_vos.io.readers.movie.images import apply_display_matrix
from napari_gnn_vos.io.readers.movie.missing_times import (
    declared_frames,
    missing_times,
)
from napari_gnn_vos.io.readers.movie.movie_frames import MovieFrames
from napari_gnn_vos.io.readers.movie.packet_index import scan_packets
from napari_gnn_vos.io.readers.movie.packet_reader import PacketReader

FRAMES = 48
H264 = {"g": "12"}
OPEN_GROUPS = H264 | {"bf": "3", "x264-params": "open-gop=1:scenecut=0"}
HEVC = {"x265-params": "keyint=12:bframes=2:open-gop=1:scenecut=0:log-level=none"}
B_FRAMES = {"g": "12", "bf": "2", "b_strategy": "0"}
VARIABLE = np.random.default_rng(0).integers(10, 120, FRAMES).cumsum().tolist()
INTACT = {
    "variable-rate": ("a.mp4", "libx264", H264, VARIABLE),
    "late-start": ("a.mkv", "libx264", H264, range(5000, 9999, 40)),
    "negative-start": ("a.mp4", "libx264", H264, range(-400, 9999, 40)),
    "b-pyramid": ("a.mp4", "libx264", {"g": "30", "bf": "5"}, None),
    "open-groups": ("a.mkv", "libx264", OPEN_GROUPS, None),
    "open-groups-hevc": ("a.mp4", "libx265", HEVC, None),
    "transport-stream": ("a.mpg", "libx264", OPEN_GROUPS | {"format": "mpegts"}, None),
    "gradual-refresh": (
        "a.mp4",
        "libx264",
        H264 | {"x264-params": "intra-refresh=1"},
        None,
    ),
    "mpeg1": ("a.mpg", "mpeg1video", {"g": "12", "bf": "2"}, None),
    "mpeg2": ("a.mpg", "mpeg2video", {"g": "12", "bf": "2"}, None),
    "avi-b-frames": ("a.avi", "mpeg4", {"g": "12", "bf": "2"}, None),
    "avi-h264": ("a.avi", "libx264", {"g": "12", "bf": "2"}, None),
    "avi-milliseconds": ("a.avi", "libx264", H264, range(0, 9999, 40)),
    "avi-variable-rate": ("a.avi", "mpeg4", H264 | {"bf": "2"}, VARIABLE),
    "avi-mjpeg": ("a.avi", "mjpeg", {}, None),
    "vp9": ("a.webm", "libvpx-vp9", H264, None),
    "asf": ("a.wmv", "libx264", B_FRAMES, None),
    "mxf": ("a.mxf", "libx264", B_FRAMES, None),
    "all-marked-as-keys": ("a.mov", "rpza", {}, None),
}
LOST = (5, 17, 24, 25)
LOSSY = {
    "h264": ("a.mkv", "libx264", H264 | {"bf": "0"}),
    "h264-open-groups": ("a.mkv", "libx264", OPEN_GROUPS),
    "hevc": ("a.mkv", "libx265", HEVC),
    "mpeg4": ("a.avi", "mpeg4", H264),
    "mpeg2": ("a.mpg", "mpeg2video", {"g": "12", "bf": "2"}),
    "vp9": ("a.webm", "libvpx-vp9", H264),
}


def numbered_image(t):
    """Draw the bits of a frame number as eight black or white stripes."""
    image = np.zeros((32, 64, 3), np.uint8)
    for bit in range(8):
        image[:, 8 * bit : 8 * bit + 8] = 255 * (t >> bit & 1)
    return image


def frame_number(image):
    return sum(int(image[16, 8 * bit + 4].mean() > 128) << bit for bit in range(8))


def write_movie(path, codec, options, times=None):
    """Write `FRAMES` numbered images; `times` are in milliseconds."""
    options = dict(options)
    with av.open(str(path), "w", format=options.pop("format", None)) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height = 64, 32
        formats = {"mjpeg": "yuvj420p", "rpza": "rgb555le"}
        stream.pix_fmt = formats.get(codec, "yuv420p")
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for t in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(numbered_image(t), "rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[t], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def copy_packets(source, target, dropped=(), zeroed=()):
    """Copy a movie without some of its packets, or with zeros in place of them."""
    with av.open(str(source)) as movie, av.open(str(target), "w") as copy:
        stream = copy.add_stream_from_template(movie.streams.video[0])
        packets = [packet for packet in movie.demux(video=0) if packet.size]
        for number, packet in enumerate(packets):
            if number in dropped:
                continue
            if number in zeroed:
                zeros = av.Packet(bytes(packet.size))
                zeros.pts, zeros.dts = packet.pts, packet.dts
                zeros.time_base, zeros.is_keyframe = packet.time_base, False
                packet = zeros
            packet.stream = stream
            copy.mux(packet)
    return target


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_packets_with_decoding_times_only_are_counted(tmp_path, codec):
    write_movie(tmp_path / "a.mkv", codec, B_FRAMES)
    with (
        av.open(str(tmp_path / "a.mkv")) as movie,
        av.open(str(tmp_path / "b.mkv"), "w") as copy,
    ):
        stream = copy.add_stream_from_template(movie.streams.video[0])
        packets = [packet for packet in movie.demux(video=0) if packet.size]
        for number, packet in enumerate(packets):
            packet.pts = packet.dts = number
            packet.time_base, packet.stream = Fraction(1, 25), stream
            copy.mux(packet)
    assert numbers_in_any_order(tmp_path / "b.mkv")[0] == [*range(FRAMES)]


def decoded_in_sequence(path):
    """Decode all frames with PyAV, by presentation time stamp."""
    with av.open(str(path)) as container:
        return [
            (frame.pts, frame_number(frame.to_ndarray(format="rgb24")))
            for frame in container.decode(video=0)
        ]


def numbers_in_any_order(path):
    """Read the frames forward, in reverse and shuffled; require equal images."""
    forward = MovieFrames(path)
    images = [forward[t] for t in range(len(forward))]
    for order in (
        range(len(images))[::-1],
        np.random.default_rng(1).permutation(len(images)),
    ):
        frames = MovieFrames(path)
        for t in order:
            np.testing.assert_array_equal(frames[int(t)], images[t])
    return [frame_number(image) for image in images], forward


@pytest.mark.parametrize(
    ("name", "codec", "options", "times"), INTACT.values(), ids=INTACT
)
def test_frames_equal_sequential_decoding(tmp_path, name, codec, options, times):
    path = write_movie(tmp_path / name, codec, options, times)
    numbers, frames = numbers_in_any_order(path)
    assert numbers == [number for _, number in decoded_in_sequence(path)]
    assert frames.notes == []


@pytest.mark.parametrize(("name", "codec", "options"), LOSSY.values(), ids=LOSSY)
def test_lost_packets_repeat_the_frame_before(tmp_path, name, codec, options, caplog):
    source = write_movie(tmp_path / f"source-{name}", codec, options)
    path = copy_packets(source, tmp_path / name, dropped=LOST)
    with caplog.at_level(logging.WARNING):
        numbers, frames = numbers_in_any_order(path)
    decoded = dict(decoded_in_sequence(path))
    for t, time in enumerate(frames._times):
        expected = decoded[time] if time in decoded else numbers[t - 1]
        assert numbers[t] == expected
    assert "frames are missing" in frames.notes[0]
    assert frames.notes[0] in caplog.text


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video", "libvpx-vp9", "mpeg4"])
def test_movie_cut_before_a_keyframe_starts_with_a_decodable_frame(tmp_path, codec):
    suffix = {"mpeg2video": "mpg", "libvpx-vp9": "webm"}.get(codec, "mkv")
    source = write_movie(tmp_path / f"source.{suffix}", codec, H264 | {"bf": "0"})
    path = copy_packets(source, tmp_path / f"a.{suffix}", dropped=range(7))
    numbers, frames = numbers_in_any_order(path)
    assert numbers == list(range(FRAMES - len(numbers), FRAMES))
    assert 7 < numbers[0] <= 12
    assert "start of the file" in frames.notes[0]


@pytest.mark.parametrize("codec", ["libx264", "ffv1", "mpeg4", "mpeg2video"])
def test_group_after_damage_is_decoded_without_the_group_before(tmp_path, codec):
    options = {"g": "12", "bf": "0", "sc_threshold": "0"}
    source = write_movie(tmp_path / "source.mkv", codec, options)
    path = copy_packets(source, tmp_path / "a.mkv", zeroed=(5, 14, 30))
    numbers, _ = numbers_in_any_order(path)
    assert numbers[:5] == list(range(5))
    assert numbers[12:14] == [12, 13]
    assert numbers[24:30] == list(range(24, 30))


def test_packets_are_those_of_the_index_after_a_seek_to_other_ones(tmp_path):
    path = write_movie(tmp_path / "a.mkv", "libx264", H264)
    with open_movie(path) as container:
        index = scan_packets(container)
    reader = PacketReader(path, index)
    start = index.groups[2].first
    reader.read(start)
    index.packets[start + 1, 1] += 1  # as if the seek led elsewhere
    sizes = [reader.read(number).size for number in range(start + 1, FRAMES)]
    with open_movie(path) as container:
        expected = [packet.size for packet in container.demux(video=0) if packet.size]
    assert sizes == expected[start + 1 :]
    assert not reader._can_seek


def test_picture_of_another_size_is_scaled_and_reported(tmp_path):
    path = tmp_path / "a.mkv"
    images = [numbered_image(t) for t in range(12)]
    large = [image.repeat(2, 0).repeat(2, 1) for image in images[6:]]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuvj420p"
        second = av.CodecContext.create("mjpeg", "w")
        second.width, second.height, second.pix_fmt = 128, 64, "yuvj420p"
        second.time_base = Fraction(1, 25)
        for t, image in enumerate([*images[:6], *large]):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = t, Fraction(1, 25)
            encoder = stream if t < 6 else second
            for packet in encoder.encode(frame):
                packet.stream = stream
                container.mux(packet)
    numbers, frames = numbers_in_any_order(path)
    assert numbers == list(range(12))
    assert frames.shape == (12, 32, 64, 3)
    assert "Frame 6 has another size" in frames.notes[0]
    assert len(frames.notes) == 6


@pytest.mark.parametrize(
    ("name", "codec", "count"),
    [("a.mp4", "libx264", 48), ("a.mkv", "libx264", 48), ("a.webm", "libvpx-vp9", 48)],
)
def test_file_that_ends_early_is_reported(tmp_path, name, codec, count):
    source = write_movie(tmp_path / f"source-{name}", codec, H264)
    path, options = tmp_path / name, {"movflags": "faststart"}
    with (
        av.open(str(source)) as movie,
        av.open(str(path), "w", options=options if "mp4" in name else {}) as copy,
    ):
        stream = copy.add_stream_from_template(movie.streams.video[0])
        for packet in movie.demux(video=0):
            if packet.size:
                packet.stream = stream
                copy.mux(packet)
    assert MovieFrames(path).notes == []
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * 0.7)])
    numbers, frames = numbers_in_any_order(path)
    last = len(numbers) - 1  # its packet may be cut
    assert numbers[:last] == list(range(last))
    assert f"it has {len(numbers)} of {count} frames" in frames.notes[0]


def test_avi_header_counts_ticks_of_the_time_base(monkeypatch):
    container = SimpleNamespace(
        duration=1_920_000, format=SimpleNamespace(name="avi"), streams=[None]
    )
    stream = SimpleNamespace(frames=48 * 24, time_base=Fraction(1, 600))
    module = "napari_gnn_vos.io.readers.movie.missing_times"
    monkeypatch.setattr(f"{module}.video_stream", lambda _: stream)
    assert declared_frames(container, range(0, 40 * 24, 24)) == 48


def test_mp4_that_is_delayed_by_its_edit_list_does_not_end_early(monkeypatch):
    container = SimpleNamespace(
        format=SimpleNamespace(name="mov,mp4"), duration=1_600_000
    )
    stream = SimpleNamespace(frames=30, time_base=Fraction(1, 600))
    module = "napari_gnn_vos.io.readers.movie.missing_times"
    monkeypatch.setattr(f"{module}.video_stream", lambda _: stream)
    assert declared_frames(container, range(600, 600 + 15 * 24, 24)) == 0
    assert declared_frames(container, range(0, 15 * 24, 24)) == 30


def test_gif_that_ends_early_is_reported(tmp_path):
    path = tmp_path / "a.gif"
    first, *rest = [Image.fromarray(numbered_image(t)) for t in range(12)]
    first.save(path, save_all=True, append_images=rest, duration=40)
    assert MovieFrames(path).notes == []
    path.write_bytes(path.read_bytes()[:-60])
    assert "ends early" in MovieFrames(path).notes[0]


def test_palette_of_the_first_packet_is_used_for_all_frames(tmp_path):
    path = tmp_path / "a.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("qtrle", rate=25, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = 64, 32, "gray"
        for t in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(numbered_image(t), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    numbers, _ = numbers_in_any_order(path)
    assert numbers == list(range(FRAMES))


def test_frames_that_may_be_predicted_from_a_damaged_one_are_named(tmp_path):
    options = H264 | {"bf": "0", "sc_threshold": "0"}
    source = write_movie(tmp_path / "source.mkv", "libx264", options)
    path = copy_packets(source, tmp_path / "a.mkv", zeroed=(14,))
    frames = MovieFrames(path)
    _ = frames[14]
    assert "may be wrong, too, within 12 to 23." in frames.notes[0]
    lossy = copy_packets(source, tmp_path / "b.mkv", dropped=(14,))
    assert "may be wrong, too, within 12 to 23." in MovieFrames(lossy).notes[0]


@pytest.mark.parametrize("suffix", ["avi", "mkv"])
def test_damaged_pictures_repeat_the_frame_before(tmp_path, suffix):
    source = write_movie(tmp_path / f"source.{suffix}", "mjpeg", {})
    path = copy_packets(source, tmp_path / f"a.{suffix}", zeroed=(9, 10))
    numbers, frames = numbers_in_any_order(path)
    assert numbers == [*range(9), 8, 8, *range(11, FRAMES)]
    assert len(frames.notes) == 2
    assert "Frame 9 cannot be decoded" in frames.notes[0]


def test_damaged_keyframe_is_decoded_from_the_keyframe_before(tmp_path):
    source = write_movie(tmp_path / "source.mkv", "libx264", H264 | {"bf": "0"})
    path = copy_packets(source, tmp_path / "a.mkv", zeroed=(12,))
    numbers, _ = numbers_in_any_order(path)
    assert numbers[:13] == [*range(12), 11]
    assert numbers[24:] == list(range(24, FRAMES))


def test_damaged_packet_keeps_the_numbers_of_frames_that_are_counted(tmp_path):
    source = write_movie(tmp_path / "source.avi", "mpeg4", {"g": "12", "bf": "2"})
    path = copy_packets(source, tmp_path / "a.avi", zeroed=(14, 15))
    numbers, frames = numbers_in_any_order(path)
    assert len(numbers) == FRAMES
    assert numbers[24:] == list(range(24, FRAMES))
    assert len(frames.notes) == 2


def test_group_of_every_frame_is_read_without_deep_nesting(tmp_path):
    path = write_movie(tmp_path / "a.avi", "mjpeg", {})
    frames = MovieFrames(path)
    for _ in range(50):
        for t in range(FRAMES):
            frames._read(t)
    assert len(frames._source._reader._kept) <= 2


def test_movie_without_a_decodable_frame_is_refused(tmp_path):
    source = write_movie(tmp_path / "source.avi", "mjpeg", {})
    path = copy_packets(source, tmp_path / "a.avi", zeroed=range(FRAMES))
    with pytest.raises(ReadError, match="it has no frames"):
        read_video(path)


def test_missing_times_are_found_at_a_constant_rate_only():
    assert missing_times([0, 40, 80, 200, 240, 280]) == [120, 160]
    assert missing_times([0, 33, 67, 133, 167, 200]) == [100]
    assert missing_times([0, 40, 80, 145, 185, 225]) == []  # not a multiple
    assert missing_times([0, 40, 200, 240, 400, 440, 600]) == []  # often longer
    assert missing_times([0, 40, 80, 4000, 4040]) == []  # more missing than present
    assert missing_times([0]) == missing_times([]) == []


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((1, 0, 0, 1), [[1, 2], [3, 4], [5, 6]]),
        ((-1, 0, 0, 1), [[2, 1], [4, 3], [6, 5]]),
        ((1, 0, 0, -1), [[5, 6], [3, 4], [1, 2]]),
        ((-1, 0, 0, -1), [[6, 5], [4, 3], [2, 1]]),
        ((0, 1, 1, 0), [[1, 3, 5], [2, 4, 6]]),
        ((0, 1, -1, 0), [[5, 3, 1], [6, 4, 2]]),
        ((0, -1, 1, 0), [[2, 4, 6], [1, 3, 5]]),
        ((0, -1, -1, 0), [[6, 4, 2], [5, 3, 1]]),
    ],
)
def test_display_matrix_turns_and_mirrors(matrix, expected):
    (xx, xy, yx, yy), image = matrix, np.array([[1, 2], [3, 4], [5, 6]])
    display = np.array([[xx, xy, 0], [yx, yy, 0], [0, 0, 1]], np.int32) << 16
    assert apply_display_matrix(image, display).tolist() == expected


@pytest.mark.parametrize(
    ("matrix", "orient"),
    [
        ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((0, -1, 1, 0), np.rot90),
    ],
    ids=["mirrored", "clockwise", "counterclockwise"],
)
def test_display_matrix_of_a_file_is_applied(tmp_path, matrix, orient):
    path = write_movie(tmp_path / "a.mp4", "libx264", H264)
    plain = read_video(path).raw(5)
    set_display_matrix(path, matrix)
    video = read_video(path)
    np.testing.assert_array_equal(video.raw(5), orient(plain))
    assert not video.notes


@pytest.mark.parametrize("angle", [30, 45, 60, 225])
def test_display_matrix_of_another_angle_is_noted(tmp_path, angle):
    path = write_movie(tmp_path / "a.mp4", "libx264", H264)
    plain = read_video(path).raw(5)
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    set_display_matrix(path, (cos, sin, -sin, cos))
    video = read_video(path)
    turned = np.rot90(plain, -int(angle / 90 + 0.49))
    np.testing.assert_array_equal(video.raw(5), turned)
    assert "nearest multiple" in video.notes[0]


def test_display_matrix_is_applied_if_the_first_frame_is_damaged(tmp_path):
    path = write_movie(tmp_path / "a.mp4", "libx264", H264)
    plain = read_video(path).raw(20)
    set_display_matrix(path, (0, 1, -1, 0))
    with av.open(str(path)) as container:
        first = next(container.demux(video=0))
    content = bytearray(path.read_bytes())
    content[first.pos : first.pos + first.size] = bytes(first.size)
    path.write_bytes(content)
    video = read_video(path)
    t = video.shape[0] - FRAMES + 20
    np.testing.assert_array_equal(video.raw(t), np.rot90(plain, -1))


def set_display_matrix(path, matrix):
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 40  # version 0: the matrix is at byte 40
    xx, xy, yx, yy = (round(value * 2**16) for value in matrix)
    display = np.array([xx, xy, 0, yx, yy, 0, 0, 0, 1 << 30], ">i4").tobytes()
    content[start : start + 36] = display
    path.write_bytes(content)


def test_stream_that_begins_within_a_file_is_an_expected_error(tmp_path, monkeypatch):
    def demux(_container):  # as PyAV for a transport stream with a new table
        raise IndexError("list index out of range")

    path = write_movie(tmp_path / "a.mp4", "libx264", H264)
    monkeypatch.setattr(movie_scan, "scan_packets", demux)
    with pytest.raises(ReadError, match="a stream begins within the file"):
        read_video(path)
