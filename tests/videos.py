"""Small videos in files, and what is prepared of them."""

import numpy as np

from tests.scenes import RED, moving_squares


def write_videos(folder, count):
    """Videos of 4 frames that differ, ``0.npy`` and so on."""
    paths = [folder / f"{number}.npy" for number in range(count)]
    for row, path in enumerate(paths):
        video, _ = moving_squares((row + 4, 6, 18, (0, 3), RED), frames=4)
        np.save(path, np.stack([video.rgb(t) for t in range(4)]))
    return paths


def same_files(one, other):
    """Check that two caches hold the same files with the same arrays."""
    found = [sorted(_names(cache)) for cache in (one, other)]
    assert found[0] == found[1] != []
    for name in found[0]:
        a, b = (cache.joinpath(*name) for cache in (one, other))
        if name[1].endswith(".npz"):
            with a.open("rb") as file, b.open("rb") as like:
                _same_arrays(np.load(file), np.load(like))
        else:
            assert a.read_bytes() == b.read_bytes()


def _names(cache):
    return (
        (video.name, file.name) for video in cache.iterdir() for file in video.iterdir()
    )


def _same_arrays(one, other):
    assert set(one) == set(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
