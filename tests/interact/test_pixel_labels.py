import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from napari_gnn_vos.config import Config
from napari_gnn_vos.interact.pixel_kernels import (
    apply_coefficients,
    guide_products,
    remove_specks,
    update_maximum,
)
from napari_gnn_vos.interact.pixel_labels import (
    guided_filter,
    label_frame,
    label_pixels,
)
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.structures.arrays import frozen
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video_graph import VideoGraph
from tests.scenes import line, moving_square, plain_frame

LABELS = np.zeros((40, 60), np.uint16)
LABELS[:, 30:] = 1


def one_hot(*columns, count=3):
    return np.eye(count, dtype=np.float32)[list(columns)]


def test_pixels_have_the_most_probable_label():
    labelled = label_pixels(LABELS, one_hot(2, 0), (4, 9), None)
    assert labelled.dtype == np.uint8
    assert (labelled[:, :30] == 9).all()
    assert (labelled[:, 30:] == 0).all()


def test_background_stays_background_with_a_guide():
    grey = np.zeros((40, 60), np.uint8)
    assert (label_pixels(LABELS, one_hot(0, 0), (4, 9), grey) == 0).all()


@pytest.mark.parametrize("edge", [29, 31])
def test_labels_follow_an_image_edge_near_the_superpixel_border(edge):
    grey = np.full((40, 60), 30, np.uint8)
    grey[:, edge:] = 220
    labelled = label_pixels(LABELS, one_hot(1, 0), (4, 9), grey)
    assert (labelled[:, :edge] == 4).all()
    assert (labelled[:, edge:] == 0).all()


def test_labels_keep_the_superpixel_border_without_an_image_edge():
    grey = np.full((40, 60), 30, np.uint8)
    labelled = label_pixels(LABELS, one_hot(1, 2), (4, 9), grey)
    assert (labelled[:, :29] == 4).all()
    assert (labelled[:, 31:] == 9).all()


def filtered(guide, image):
    """Apply the filter with one superpixel per pixel."""
    superpixels = np.arange(image.size, dtype=np.uint16).reshape(image.shape)
    return guided_filter(superpixels, image.ravel().astype(np.float32), guide)


@given(seed=st.integers(0, 1000), value=st.floats(0, 1))
def test_filter_keeps_constants(seed, value):
    grey = np.random.default_rng(seed).integers(0, 255, (20, 25)).astype(np.uint8)
    image = np.full((20, 25), value)
    np.testing.assert_allclose(filtered(grey, image), value, atol=2e-3)


def test_filter_keeps_edges_of_the_guide_and_smooths_others():
    grey = np.zeros((20, 40), np.uint8)
    grey[:, 20:] = 255
    image = grey / 255
    kept = filtered(grey, image)
    assert kept[:, 19].max() < 0.05
    assert kept[:, 20].min() > 0.95
    blurred = filtered(0 * grey, image)
    assert 0.2 < blurred[10, 19] < 0.5


@pytest.mark.parametrize("refine", ["none", "guided"])
def test_pixels_under_a_stroke_have_its_label(refine):
    video, truth = moving_square(2)
    graph = VideoGraph(
        [plain_frame(frame) for frame in truth],
        [],
        np.array([2, 2]),
        (),
        (),
        truth.shape,
        "",
    )
    painted_pixels = paint_scribbles(
        PaintedPixels.empty(), [line(1, 5, (40, 30), (40, 40))], truth.shape
    )
    session = Session(
        video, graph, Config(refine=refine), painted_pixels=painted_pixels
    )
    rows = one_hot(0, 1, count=2)
    labelled = np.stack([label_frame(session, t, rows, (3,)) for t in (0, 1)])
    assert (labelled[1, 40, 30:41] == 5).all()
    assert (labelled == 5).sum() == 11
    assert ((labelled == 3) == (truth == 1)).mean() > 0.97


@given(seed=st.integers(0, 1000))
def test_regions_created_by_the_filter_only_are_removed(seed):
    rng = np.random.default_rng(seed)
    labels = np.kron(np.arange(24).reshape(4, 6), np.ones((10, 10), int))
    probabilities = rng.dirichlet((0.3, 0.3, 0.3), 24).astype(np.float32)
    grey = rng.integers(0, 255, labels.shape).astype(np.uint8)
    unfiltered = label_pixels(labels.astype(np.uint16), probabilities, (4, 9), None)
    labelled = label_pixels(labels.astype(np.uint16), probabilities, (4, 9), grey)
    assert (labelled != unfiltered).any()
    for label in (4, 9):
        regions, count = ndimage.label(labelled == label, np.ones((3, 3)))
        kept = set(np.unique(regions[unfiltered == label])) - {0}
        assert kept == set(range(1, count + 1))


def test_objects_of_any_size_use_the_same_compiled_kernels():
    kernels = (guide_products, apply_coefficients, update_maximum, remove_specks)
    if not hasattr(guide_products, "signatures"):
        pytest.skip("kernels are not compiled")
    superpixels = frozen(np.arange(100, dtype=np.uint16).reshape(10, 10).repeat(8, 0))
    superpixels = frozen(superpixels.repeat(8, 1))
    guide = np.zeros(superpixels.shape, np.uint8)

    def label(nodes):
        probability = np.eye(2, dtype=np.float32)[np.isin(np.arange(100), nodes) * 1]
        labels = label_pixels(superpixels, probability, (1,), guide)
        assert labels.flags.c_contiguous
        assert labels.any()
        return [len(kernel.signatures) for kernel in kernels]

    assert label([44]) == label(np.arange(100))
