import numpy as np
from scripts import worst_frames


def test_outlines_are_drawn_beside_each_other_on_a_copy_of_the_frame():
    rgb = np.full((60, 100, 3), 90, np.uint8)
    rgb.flags.writeable = False
    truth, other = np.zeros((2, 60, 100), np.uint8)
    truth[20:40, 30:70], other[20:40, 30:50] = 1, 1
    candidate = worst_frames.Candidate("bear", 3, rgb, truth, (truth, other), (1, 0.5))
    picture = candidate.picture()
    assert picture.shape == (256, 2 * worst_frames.WIDTH, 3)
    before, after = np.split(picture, 2, axis=1)
    assert not np.array_equal(before, after)
