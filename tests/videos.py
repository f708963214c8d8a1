"""Small video files, and comparison of prepared graphs."""

import numpy as np

from tests.scenes import RED, moving_squares


def write_videos(folder, count):
    """Write different videos of 4 frames, ``0.npy`` and so on."""
    paths = [folder / f"{number}.npy" for number in range(count)]
    for row, path in enumerate(paths):
        video, _ = moving_squares((row + 4, 6, 18, (0, 3), RED), frames=4)
        np.save(path, np.stack([video.rgb(t) for t in range(4)]))
    return paths


def same_files(first, second):
    """Check that two caches hold the same files with the same arrays."""
    names = [sorted(_names(cache)) for cache in (first, second)]
    assert names[0] == names[1] != []
    for name in names[0]:
        a, b = (cache.joinpath(*name) for cache in (first, second))
        if name[1].endswith(".npz"):
            with a.open("rb") as file, b.open("rb") as other:
                _same_arrays(np.load(file), np.load(other))
        else:
            assert a.read_bytes() == b.read_bytes()


def _names(cache):
    return (
        (video.name, file.name) for video in cache.iterdir() for file in video.iterdir()
    )


def _same_arrays(first, second):
    assert set(first) == set(second)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
