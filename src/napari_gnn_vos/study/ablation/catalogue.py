"""Definitions of the ablation tables: the change per row, and published figures.

Published figures are those of the paper and of the methods it is compared with, on
DAVIS 2017 val with human first strokes.
"""

from __future__ import annotations

from functools import partial
from typing import get_args

from napari_gnn_vos.config import (
    Config,
    EdgeSettings,
    LabelModelSettings,
    PrepareSettings,
    Quality,
    SeedSettings,
    SuperpixelSettings,
)
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.ablation.variants import Figures, J, Table, Variant
from napari_gnn_vos.study.baselines import WholeVideoModel
from napari_gnn_vos.study.graph_cut import SMOOTHNESS, graph_cut
from napari_gnn_vos.study.measure.benchmark_methods import Method, simple_methods
from napari_gnn_vos.study.training.training_run import TrainSettings


def _j(after_2: float, after_8: float) -> Figures:
    return {"J after 2": after_2, "J after 8": after_8}


FULL = _j(0.622, 0.741)


def _curves(**figures: float) -> Figures:
    titles = {"auc": "AUC J", "at": "J at 60 s", "auc_jf": "AUC J&F"}
    titles["at_jf"] = "J&F at 60 s"
    return {titles[key]: figure for key, figure in figures.items()}


CURVE = Table(
    "curve",
    "J, F and their mean, round by round (Table I)",
    (Variant("GatedGCN"),),
    (
        *("J after", "F after", "J&F after", "mean J"),
        *_curves(auc=0, at=0, auc_jf=0, at_jf=0),
    ),
    {
        "paper, FlowNet 2": _curves(auc=0.735, auc_jf=0.764),
        "release, GMA": _curves(auc=0.759, at=0.767, auc_jf=0.782, at_jf=0.790),
        "Miao": _curves(auc=0.749, at=0.761),
        "Heo": _curves(auc=0.771, auc_jf=0.809),
    },
)


def _graph_cut_variant(strength: float, published: Figures, name: str) -> Variant:
    model = WholeVideoModel(partial(graph_cut, strength=strength))
    metadata = {"name": "alpha-expansion", "strength": strength}
    return Variant(name, published, method=Method("graph cut", model, metadata))


def _methods() -> tuple[Variant, ...]:
    simple = {method.name: method for method in simple_methods()}
    baselines = (
        "label model + harmonic labelling",
        "label model alone",
        "nearest seed",
    )
    return (
        Variant("GatedGCN", FULL),
        _graph_cut_variant(SMOOTHNESS, _j(0.295, 0.419), "label model + graph cut"),
        *(Variant(name, method=simple[name]) for name in baselines),
    )


FIELD = Table(
    "field",
    "The network and simpler methods with the same node inputs (Table II)",
    _methods(),
    composed=True,
)
STRENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
TUNE = Table(
    "tune",
    "The graph cut by the weight of its pairwise term, on training sequences",
    tuple(
        _graph_cut_variant(strength, {}, f"strength {strength:g}")
        for strength in STRENGTHS
    ),
)

_NO_PROPAGATION = SeedSettings(propagation_frames=0)
_ANY_COLOUR = SeedSettings(colour_change=10.0)
_NO_LABEL_MODEL = LabelModelSettings(enabled=False)
_QUARTER_WEIGHT = LabelModelSettings(propagated_weight=0.05)
_FULL_SIZE_WEIGHT = LabelModelSettings(small_superpixel=0)
_WHOLE_APPEARANCE = LabelModelSettings(recompute_appearance=False, small_superpixel=0)
INPUTS = Table(
    "inputs",
    "The given weights with masked inputs (Table III); it is uncertain which published "
    "row is without label model and which without propagation",
    (
        Variant("full", FULL),
        Variant(
            "without label model", _j(0.570, 0.703), Config(label_model=_NO_LABEL_MODEL)
        ),
        Variant("without propagation", _j(0.485, 0.712), Config(seeds=_NO_PROPAGATION)),
        Variant(
            "without both",
            _j(0.209, 0.639),
            Config(seeds=_NO_PROPAGATION, label_model=_NO_LABEL_MODEL),
        ),
        Variant("without harmonic labelling", without=("harmonic",)),
        Variant("without previous prediction", without=("previous",)),
        Variant("without identity labelling", config=Config(identity_labelling=False)),
        Variant("prepared superpixels only", config=Config(coarse_to_fine=False)),
        Variant("propagation over any colour", config=Config(seeds=_ANY_COLOUR)),
        Variant(
            "propagated seeds, quarter weight",
            config=Config(label_model=_QUARTER_WEIGHT),
        ),
        Variant(
            "small superpixels, full weight",
            config=Config(label_model=_FULL_SIZE_WEIGHT),
        ),
        Variant(
            "parts with appearance of the whole",
            config=Config(label_model=_WHOLE_APPEARANCE),
        ),
    ),
    composed=True,
)

DATA = Table(
    "data",
    "Trained on fewer sequences (Table IV)",
    (
        Variant("all", FULL, training=TrainSettings()),
        Variant("15 sequences", _j(0.615, 0.728), training=TrainSettings(), learn=15),
        Variant("5 sequences", _j(0.604, 0.702), training=TrainSettings(), learn=5),
    ),
)

FAMILIES = {
    "colour": (
        *("l", "a", "b", "l_std", "a_std", "b_std"),
        *("delta_l", "delta_a", "delta_b"),
    ),
    "motion": (
        *(
            "motion_next",
            "motion_previous",
            "delta_motion_next",
            "delta_motion_previous",
        ),
    ),
    "occlusion": ("occluded_next", "occluded_previous"),
    "shape": ("log_size", "at_border", "border_share_source", "border_share_target"),
    "flow reliability": ("flow_share_source", "flow_share_target", "return_error"),
}
"""Features of nodes and edges that are left out together."""
FEATURES = Table(
    "features",
    "Trained without a family of features",
    (
        Variant("full", training=TrainSettings()),
        *(
            Variant(f"without {name}", training=TrainSettings(left_out=columns))
            for name, columns in FAMILIES.items()
        ),
    ),
)


def _size_variant(width: int = 20, depth: int = 12) -> Variant:
    name = f"H {width} L {depth}"
    return Variant(name, training=TrainSettings(width=width, depth=depth))


SIZE = Table(
    "size",
    "Trained with other numbers of channels H and layers L",
    (
        _size_variant(),
        _size_variant(width=10),
        _size_variant(width=40),
        _size_variant(depth=6),
        _size_variant(depth=24),
    ),
)


def _superpixel_variant(settings: SuperpixelSettings) -> Variant:
    config = Config(prepare=PrepareSettings(superpixels=settings))
    return Variant(settings.method, config=config)


SUPERPIXELS = Table(
    "superpixels",
    "The given weights on other superpixels",
    (
        _superpixel_variant(SuperpixelSettings(method="merge")),
        _superpixel_variant(SuperpixelSettings(method="watershed")),
        _superpixel_variant(SuperpixelSettings(method="slic")),
    ),
    (*J, "ceiling after"),
)


def _edge_variant(share: float) -> Variant:
    edges = EdgeSettings(least_share=share)
    name = f"least share {share:g}"
    return Variant(name, config=Config(prepare=PrepareSettings(edges=edges)))


EDGES = Table(
    "edges",
    "The given weights without the weakest causal edges",
    (_edge_variant(0.0), _edge_variant(0.1), _edge_variant(0.3)),
    (*J, "directed edges a frame"),
)

QUALITY = Table(
    "quality",
    "The given weights on videos prepared at each quality, with and without splitting "
    "superpixels along predicted boundaries",
    tuple(
        Variant(
            name if splits else f"{name}, prepared superpixels only",
            config=Config.at(name).model_copy(update={"coarse_to_fine": splits}),
        )
        for name in get_args(Quality)
        for splits in (True, False)
    ),
    (*J, "ceiling after", "superpixels after", "seconds a round"),
)

REFINE = Table(
    "refine",
    "Refinement of superpixel labels to pixel labels",
    (
        Variant("boundary decoder"),
        Variant(
            "boundary decoder, also as previous probability",
            config=Config(refine="decoder", refined_previous=True),
        ),
        Variant("guided filter", config=Config(refine="guided")),
        Variant("none", config=Config(refine="none")),
    ),
    ("J after", "F after", "mean J", "mean F"),
)

TABLES = {
    table.name: table
    for table in (
        *(CURVE, FIELD, INPUTS, DATA, FEATURES),
        *(SIZE, SUPERPIXELS, EDGES, QUALITY, REFINE),
    )
}
"""Tables by name."""


def table_of(name: str) -> Table:
    """Look up a table by name.

    Raises
    ------
    SettingsError
        If there is no such table.
    """
    if name not in TABLES:
        raise SettingsError(
            f"The table must be one of {', '.join(TABLES)}; got {name!r}."
        )
    return TABLES[name]
