import numpy as np
import pytest

from napari_gnn_vos.controller.palette import (
    OBJECT_COLOURS,
    contrasting_colours,
    from_hex,
    perceived_distances,
)


def smallest_distance(colours):
    rgb = np.array([from_hex(colour)[:3] for colour in colours])
    distances = perceived_distances(rgb, rgb)
    return distances[~np.eye(len(rgb), dtype=bool)].min()


def pixels(colour):
    rng = np.random.default_rng(0)
    return np.clip(rng.normal(colour, 30, (5000, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("colour", [(30, 60, 20), (120, 120, 120), (200, 180, 150)])
def test_six_colours_differ_with_colour_blindness(colour):
    colours = contrasting_colours(pixels(colour), 6)
    assert len(set(colours)) == 6
    assert smallest_distance(colours) > 15
    assert smallest_distance(OBJECT_COLOURS[:6]) < 5  # the default colours


@pytest.mark.parametrize("colour", [(90, 255, 0), (178, 0, 255), (0, 255, 255)])
def test_colours_differ_from_the_video(colour):
    of_video = "#" + bytes(colour).hex()
    for chosen in contrasting_colours(pixels(colour), 3):
        assert smallest_distance([of_video, chosen]) > 25


def test_no_more_colours_than_candidates():
    colours = contrasting_colours(pixels((120, 120, 120)), 1000)
    assert len(set(colours)) == len(colours)
    assert 20 < len(colours) < 64


def test_distance_of_red_and_green_is_small_with_colour_blindness():
    """Luminances of the pair are equal for deuteranopes; blue and yellow differ."""
    red_green = smallest_distance(["#a86f00", "#6f8500"])
    assert red_green < 15 < smallest_distance(["#0072b2", "#f0e442"])
