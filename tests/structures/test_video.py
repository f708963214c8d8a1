import weakref
from threading import Event
from time import monotonic

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, VideoError
from napari_gnn_vos.structures import video as video_module
from napari_gnn_vos.structures.video import Video


def grey(dtype=np.uint8, frames=3):
    return np.random.default_rng(0).integers(0, 255, (frames, 20, 24)).astype(dtype)


def test_grey_channel_is_repeated():
    frames = grey()
    image = Video.from_array(frames).rgb(1)
    assert image.shape == (20, 24, 3)
    for channel in range(3):
        np.testing.assert_array_equal(image[..., channel], frames[1])


def test_alpha_is_dropped():
    frames = np.random.default_rng(0).integers(0, 255, (2, 20, 24, 4), np.uint8)
    np.testing.assert_array_equal(Video.from_array(frames).rgb(1), frames[1, ..., :3])


def test_two_channels_are_red_and_green():
    frames = np.random.default_rng(0).integers(0, 255, (2, 20, 24, 2), np.uint8)
    image = Video.from_array(frames).rgb(0)
    np.testing.assert_array_equal(image[..., :2], frames[0])
    assert (image[..., 2] == 0).all()


def test_display_range_is_the_same_for_all_frames():
    frames = np.zeros((2, 20, 50), np.uint16)
    frames[0] = np.arange(1000).reshape(20, 50)
    frames[1] = frames[0] + 1000
    video = Video.from_array(frames)
    low, high = np.percentile(frames, [0.1, 99.9])
    assert video.limits == (low, high)
    expected = np.clip(
        np.rint((frames[1].astype(float) - low) * 255 / (high - low)), 0, 255
    )
    np.testing.assert_allclose(video.rgb(1)[..., 0], expected, atol=1)
    assert video.rgb(0)[0, 0, 0] == 0
    assert video.rgb(1)[-1, -1, 0] == 255
    assert video.rgb(0).mean() < 100 < 150 < video.rgb(1).mean()


def test_constant_video_has_a_valid_display_range():
    video = Video.from_array(np.full((2, 20, 24), 7.0))
    assert video.limits == (7.0, 8.0)
    assert (video.rgb(0) == 0).all()


@pytest.mark.parametrize("values", ["unsigned", "highest", "signed", "lowest"])
def test_large_integers_keep_their_differences(values):
    steps = np.arange(2 * 20 * 24, dtype=np.int64).reshape(2, 20, 24) // 4
    frames = {
        "unsigned": 2**63 + steps.astype(np.uint64),
        "highest": np.uint64(2**64 - 1) - steps[:, ::-1, ::-1].astype(np.uint64),
        "signed": -(2**62) + steps,
        "lowest": np.iinfo(np.int64).min + steps,
    }[values]
    video = Video.from_array(frames)
    levels = np.stack([video.rgb(t)[..., 0] for t in range(2)]).ravel()
    assert len(np.unique(levels)) > 10
    order = np.argsort(frames.ravel(), kind="stable")
    assert (np.diff(levels[order].astype(int)) >= 0).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_largest_numbers_are_black_and_white(dtype):
    frames = np.zeros((2, 20, 24), dtype)
    frames[:, :10], frames[:, 10:] = np.finfo(dtype).min, np.finfo(dtype).max
    image = Video.from_array(frames).rgb(0)[..., 0]
    assert (image[:10] == 0).all()
    assert (image[10:] == 255).all()


def test_fingerprint_is_cancelled_during_a_long_read():
    class SlowFrames:
        shape, dtype = (4, 20, 24), np.dtype(np.uint8)

        def __getitem__(self, t):
            started.set()
            released.wait(60)
            return np.zeros((20, 24), np.uint8)

    started, released = Event(), Event()
    work = Video(SlowFrames()).compute_fingerprint()
    while not started.is_set():
        next(work)
    begin = monotonic()
    work.close()
    elapsed = monotonic() - begin
    released.set()
    assert elapsed < 20


def test_fingerprint_depends_on_every_byte(monkeypatch):
    monkeypatch.setattr(video_module, "HASHED_BYTES", 7)
    frames = np.arange(2 * 20 * 24, dtype=np.uint16).reshape(2, 20, 24)
    changed = frames.copy()
    changed[1, 19, 23] += 256
    first, second = (Video.from_array(f).fingerprint() for f in (frames, changed))
    monkeypatch.undo()
    assert first != second
    assert first == Video.from_array(frames).fingerprint()


def test_rgb_is_contiguous():
    frames = np.zeros((2, 20, 24, 3), np.uint8)
    assert Video.from_array(frames).rgb(0).flags.c_contiguous


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((0, 20, 24), "one frame or more"),
        ((3, 15, 24), "16 pixels or more"),
        ((3, 20, 24, 5), "at most 4 channels"),
        ((20, 24), "axes"),
    ],
)
def test_invalid_shape_raises_an_error(shape, message):
    with pytest.raises(VideoError, match=message):
        Video.from_array(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(("value", "shown"), [(np.nan, 0), (np.inf, 255), (-np.inf, 0)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_pixels_without_a_value_are_black_or_white(value, shown, dtype, caplog):
    frames = np.full((3, 20, 24), 5, dtype)
    frames[:, :10] = 7
    expected = Video.from_array(frames.copy()).rgb(2)
    frames[2, 3, 4] = value
    video = Video.from_array(frames)
    image = video.rgb(2)
    assert (image[3, 4] == shown).all()
    image[3, 4] = expected[3, 4]
    np.testing.assert_array_equal(image, expected)
    assert "Frame 2 has 1 pixels that are NaN" in video.notes[0]
    assert video.notes[0] in caplog.text
    assert not np.isfinite(video.raw(2)[3, 4])


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_masked_pixels_are_black(dtype, lazy):
    pixels = np.random.default_rng(0).integers(100, 200, (3, 20, 24)).astype(dtype)
    pixels[:, 5, :20] = 30_000  # where nothing was measured
    frames = np.ma.masked_equal(pixels, 30_000)
    if lazy:
        frames = pytest.importorskip("dask.array").from_array(frames)
    video = Video.from_array(frames)
    assert video.limits[1] < 200
    assert not video.rgb(1)[5, :20].any()
    assert bool(video.notes) == (dtype is np.float32)


def test_pixels_without_a_value_are_reported_once_when_they_are_read():
    frames = np.zeros((40, 20, 24), np.float32)
    frames[1::2] = np.nan
    video = Video(frames, (0.0, 1.0))
    assert video.notes == []
    assert not video.greys[0].any() and video.notes == []
    assert not video.greys[3].any() and not video.rgb(5).any()
    assert len(video.notes) == 1
    assert "Frame 3 has 480 pixels" in video.notes[0]


def test_video_without_any_value_is_black():
    video = Video.from_array(np.full((3, 20, 24), np.nan, np.float32))
    assert video.limits == (0.0, 1.0)
    assert not video.rgb(1).any()


def test_frames_of_different_size_raise_an_error():
    class Mixed:
        shape, dtype = (3, 20, 24), np.dtype(np.uint8)

        def __getitem__(self, t):
            return np.zeros((20, 24 - (t == 2)), np.uint8)

    video = Video.from_array(Mixed())
    assert video.rgb(0).shape == (20, 24, 3)
    with pytest.raises(VideoError, match=r"frame 2 has \(20, 23\)"):
        video.rgb(2)


def test_fingerprint_depends_on_each_pixel():
    frames = grey(frames=40)
    before = Video.from_array(frames).fingerprint()
    assert before == Video.from_array(frames.copy(), "another name").fingerprint()
    for t in (0, 17, 39):
        changed = frames.copy()
        changed[t, 5, 5] ^= 1
        assert Video.from_array(changed).fingerprint() != before


def test_fingerprint_depends_on_range_and_identity():
    frames = grey(np.uint16)
    fingerprints = {
        Video(frames, (0.0, 100.0)).fingerprint(),
        Video(frames, (0.0, 200.0)).fingerprint(),
        Video(frames, (0.0, 100.0), identity="a").fingerprint(),
        Video(frames, (0.0, 100.0), identity="b").fingerprint(),
    }
    assert len(fingerprints) == 4


def test_fingerprint_of_a_file_reads_few_frames():
    class Counting:
        shape, dtype, reads = (100, 20, 24), np.dtype(np.uint8), 0

        def __getitem__(self, t):
            self.reads += 1
            return np.zeros((20, 24), np.uint8)

    frames = Counting()
    Video.from_array(frames, identity="file").fingerprint()
    assert 0 < frames.reads <= 16


class LazyArray:
    """Frames that are computed on access, and counted."""

    shape, dtype = (100, 20, 24), np.dtype(np.uint8)

    def __init__(self, read=lambda t: np.full((20, 24), t, np.uint8)):
        self.reads, self._read = 0, read

    def __getitem__(self, t):
        self.reads += 1
        return self._read(t)


def test_fingerprint_of_a_lazy_array_reads_few_frames():
    frames = LazyArray()
    fingerprint = Video.from_array(frames).fingerprint()
    assert 0 < frames.reads <= 16
    changed = Video.from_array(LazyArray(lambda t: np.zeros((20, 24), np.uint8)))
    assert changed.fingerprint() != fingerprint


@pytest.mark.parametrize("error", [OSError, KeyError, RuntimeError, MemoryError])
def test_failing_read_of_a_lazy_array_names_the_frame(error):
    def read(t):
        raise error("disk unplugged")

    with pytest.raises(ReadError, match=r"Frame 7 of 'video' .*disk unplugged"):
        Video.from_array(LazyArray(read)).raw(7)


def test_frame_of_another_type_raises_an_error():
    video = Video.from_array(LazyArray(lambda t: np.full((20, 24), 0.5 * t)))
    with pytest.raises(VideoError, match="type uint8; frame 3 has float64"):
        video.raw(3)


def test_cached_grey_images_are_released_with_the_video():
    video = Video.from_array(np.zeros((3, 20, 24), np.uint8))
    assert not video.greys[1].any()
    greys = weakref.ref(video.greys)
    del video
    assert greys() is None


def test_boolean_frames_are_black_and_white():
    frames = np.zeros((3, 20, 24), bool)
    frames[:, 5:9, 5:9] = True
    video = Video.from_array(frames)
    assert set(np.unique(video.rgb(1))) == {0, 255}
    assert video.raw(0).dtype == np.uint8


def test_complex_pixels_raise_an_error():
    with pytest.raises(VideoError, match="must be real numbers"):
        Video(np.zeros((3, 20, 24), complex))


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.float64])
def test_large_offsets_keep_their_contrast(dtype):
    values = np.arange(4 * 40 * 50).reshape(4, 40, 50) % 100
    video = Video.from_array((1_000_000_000 + values).astype(dtype))
    shown = video.rgb(1)[..., 0]
    assert len(np.unique(shown)) == 100
    np.testing.assert_array_equal(shown, Video.from_array(values).rgb(1)[..., 0])


def test_constant_frames_of_large_values_are_black():
    frames = np.full((3, 20, 20), 2.0**60)
    assert not Video.from_array(frames).rgb(0).any()


def test_dask_array_of_unknown_length_is_refused():
    dask_array = pytest.importorskip("dask.array")
    frames = dask_array.zeros((4, 16, 16), np.uint8, chunks=(1, 16, 16))
    selected = frames[dask_array.from_array(np.array([1, 0, 1, 1], bool), chunks=4)]
    with pytest.raises(VideoError, match="compute_chunk_sizes"):
        Video.from_array(selected)
    assert Video.from_array(selected.compute_chunk_sizes()).shape == (3, 16, 16)


def test_list_of_frames_is_converted():
    frames = list(np.random.default_rng(0).integers(0, 9, (3, 20, 24), np.uint8))
    np.testing.assert_array_equal(Video.from_array(frames).raw(2), frames[2])


def test_tensor_is_converted():
    torch = pytest.importorskip("torch")
    frames = torch.arange(3 * 20 * 24, dtype=torch.uint8).reshape(3, 20, 24)
    video = Video.from_array(frames)
    np.testing.assert_array_equal(video.raw(1), frames[1].numpy())
    assert video.raw(1).dtype == np.uint8


@pytest.mark.parametrize(
    "frames", [None, "clip.mp4", [np.zeros((20, 20)), np.zeros((20, 30))], {}]
)
def test_other_objects_are_refused(frames):
    with pytest.raises(VideoError, match="array of frames"):
        Video.from_array(frames)


def test_tensor_that_numpy_does_not_convert_is_refused():
    torch = pytest.importorskip("torch")
    for tensor in (torch.rand(3, 20, 24, requires_grad=True), torch.rand(3, 20, 24)):
        if not tensor.requires_grad:
            tensor = tensor.to(torch.bfloat16)
        with pytest.raises(VideoError, match="cannot be converted"):
            Video.from_array(tensor)
