from itertools import product
from pathlib import Path

import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.natural_order import sort_naturally
from napari_gnn_vos.io.readers.file_names import (
    missing_numbers,
    refuse_mixed_sequences,
)


def files(pattern, *parts):
    return [Path(pattern.format(*values)) for values in product(*parts)]


@pytest.mark.parametrize(
    ("paths", "values"),
    [
        (files("{:03d}_{}.png", range(6), (1, 2)), "1, 2"),
        (files("{:03d}_{}.png", range(6), (1, 2))[:-1], "1, 2"),
        (files("{}_{:03d}.png", (1, 2), range(6)), "1, 2"),
        (files("{:06d}_{:02d}.png", range(6), (10, 11)), "10, 11"),
        (files("img_{:03d}_{:02d}.png", range(3), range(15)), "000, 001, 002"),
        (files("t{:03d}_c{}.png", range(6), (0, 1))[:-1], "c0, c1"),
        (files("t{:03d}_c{}.png", range(6), (0, 1))[:3], "c0, c1"),
        (files("cell{:02d}_{:03d}.png", (11, 12), range(6)), "11, 12"),
        (files("img_{}.png", ("DAPI", "GFP")), "DAPI, GFP"),
        (files("2024-01-{:02d}_{}.png", range(1, 7), (1, 2)), "1, 2"),
        (files("VID_{}_00d{:02d}h00m.png", (1, 2), (0, 2, 4)), "1, 2"),
    ],
)
def test_several_images_of_a_time_point_are_refused(paths, values):
    with pytest.raises(ReadError, match=f"positions {values}[.] "):
        refuse_mixed_sequences(sort_naturally(paths))


@pytest.mark.parametrize(
    "paths",
    [
        files("cap_{:02d}-{:02d}.png", range(3), range(60)),
        files("T{:02d}{:02d}.png", range(3), range(60)),
        files("2024-{:02d}-{:02d}.png", (1, 2), range(1, 29)),
        files("2024-01-{:02d}_{:02d}00.png", range(1, 4), (0, 6, 12, 18)),
        files("2024_{}_{:02d}{:02d}.png", (1, 2), range(24), (0, 30)),
        files("2024-01-{:02d}_{:02d}-00.png", range(1, 4), (8, 12, 16)),
        files("2024{:02d}{}.png", range(1, 4), ("01", "15")),
        files("Screenshot at 10.{:02d}.{:02d}.png", range(3), (1, 21, 41)),
        files("{}-{:02d}.png", (2020, 2021), range(1, 13)),
        files("t{}.{}.png", range(5), range(10)),
        files("A1_1_{:02d}d{:02d}h00m.png", range(2), (0, 6, 12, 18)),
        [Path(f"frame_{t:04d}_{1000 + t // 4}.png") for t in range(20)],
        [Path(f"{t:04x}.png") for t in range(20)],
        [Path(f"img_{t:02X}.png") for t in range(5, 16)],
    ],
)
def test_numbers_of_times_are_one_sequence(paths):
    assert sort_naturally(paths[::-1]) == paths
    refuse_mixed_sequences(paths)
    assert not missing_numbers(paths)


@pytest.mark.parametrize(
    "extra", ["003_mask.png", "003-edited.png", "preview01.png", "mask_003.png"]
)
def test_file_with_the_number_of_a_frame_is_refused(extra):
    paths = [*files("{:03d}.png", range(8)), Path(extra)]
    with pytest.raises(ReadError, match=f"such as .*{extra}"):
        refuse_mixed_sequences(sort_naturally(paths))


@pytest.mark.parametrize("part", ["@2x", " (1)", "_mask", "-1"])
def test_names_with_and_without_a_last_part_are_refused(part):
    paths = files("img{}{}.png", (3, 4, 7), ("", part))
    with pytest.raises(ReadError, match="two for each"):
        refuse_mixed_sequences(sort_naturally(paths))


def test_names_with_and_without_decimals_are_one_sequence():
    paths = files("{}{}.png", range(4), ("", ".5"))
    refuse_mixed_sequences(sort_naturally(paths))
