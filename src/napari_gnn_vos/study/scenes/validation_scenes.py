"""Specifications of the composed validation scenes."""

from __future__ import annotations

from napari_gnn_vos.study.scenes.scene_spec import PartsSpec, SceneSpec, SpriteSpec

VALIDATION = (
    # Two similar strollers; the nearer one occludes the other.
    SceneSpec(
        "two-strollers",
        "stroller",
        0,
        (
            SpriteSpec(
                "stroller", (20, 59), ((0.86, 0.93, 0.74), (0.12, 0.97, 0.78)), True
            ),
        ),
    ),
    # Three similar surfers; one leaves, returns, and is occluded by the first.
    SceneSpec(
        "surf-race",
        "surf",
        0,
        (
            SpriteSpec(
                "surf",
                (5, 34),
                ((0.84, 0.68, 0.4), (1.12, 0.68, 0.4), (0.8, 0.68, 0.4)),
                mirrored=True,
                shadow=0,
            ),
            SpriteSpec(
                "surf",
                (6, 36),
                ((0.08, 0.72, 0.52), (0.72, 0.74, 0.54)),
                step=-1,
                shadow=0,
            ),
        ),
        behind=2,
    ),
    # Two similar players; a ball passes between their feet.
    SceneSpec(
        "tennis-doubles",
        "tennis",
        10,
        (
            SpriteSpec("soccerball", (25, 47), ((0.95, 0.9, 0.09), (0.05, 0.9, 0.09))),
            SpriteSpec(
                "tennis",
                (0, 45),
                ((0.72, 0.95, 0.66), (0.62, 0.97, 0.68), (0.74, 0.96, 0.66)),
                mirrored=True,
            ),
        ),
    ),
    # The swing and the player are occluded; the ball leaves and returns.
    SceneSpec(
        "playground",
        "swing",
        0,
        (
            SpriteSpec("tennis", (5, 50), ((0.32, 0.82, 0.42), (0.2, 0.82, 0.42))),
            SpriteSpec("stroller", (20, 59), ((0.12, 0.99, 0.8), (0.9, 0.99, 0.8))),
            SpriteSpec(
                "soccerball",
                (25, 47),
                ((0.8, 0.95, 0.12), (1.08, 0.97, 0.13), (0.55, 0.98, 0.14)),
            ),
        ),
        behind=1,
    ),
    # A second train in front; a ball and a player pass behind the first train.
    SceneSpec(
        "toy-trains",
        "train",
        0,
        (
            SpriteSpec("tennis", (10, 50), ((0.85, 0.5, 0.17), (0.25, 0.52, 0.17))),
            SpriteSpec("soccerball", (25, 47), ((0.1, 0.72, 0.08), (0.95, 0.68, 0.08))),
            SpriteSpec("train", (15, 55), ((0.7, 0.99, 0.38), (0.3, 0.99, 0.38)), True),
        ),
        behind=2,
    ),
    # Two similar balls and two similar players; the balls cross.
    SceneSpec(
        "ball-games",
        "soccerball",
        0,
        (
            SpriteSpec("tennis", (0, 45), ((0.46, 0.74, 0.46), (0.58, 0.76, 0.47))),
            SpriteSpec("tennis", (15, 59), ((0.66, 0.8, 0.52), (0.5, 0.8, 0.52)), True),
            SpriteSpec("stroller", (15, 59), ((0.16, 0.82, 0.56), (0.36, 0.84, 0.58))),
            SpriteSpec("soccerball", (25, 47), ((0.1, 0.92, 0.18), (0.75, 0.94, 0.19))),
        ),
        behind=3,
    ),
)
"""Scenes composed of sequences of ``val.txt`` only."""

HARD = (
    # Upper body, and legs with the seat.
    SceneSpec("swing-parts", "swing", 0, (), parts=PartsSpec("rows", (0.5,))),
    # The person who pushes, and the stroller.
    SceneSpec("stroller-parts", "stroller", 0, (), parts=PartsSpec("columns", (0.5,))),
    # Upper and lower body, of different colours.
    SceneSpec("tennis-parts", "tennis", 10, (), parts=PartsSpec("rows", (0.5,))),
    # Three parts of a sail of similar colours.
    SceneSpec("surf-parts", "surf", 0, (), parts=PartsSpec("rows", (0.4, 0.75))),
    # Two equal strollers pass each other and return.
    SceneSpec(
        "strollers-pass",
        "stroller",
        0,
        (
            SpriteSpec(
                "stroller",
                (20, 59),
                ((0.9, 0.97, 0.78), (0.1, 0.98, 0.8), (0.9, 0.97, 0.78)),
                mirrored=True,
            ),
        ),
    ),
    # Three equal balls of one size cross each other twice.
    SceneSpec(
        "balls-cross",
        "swing",
        0,
        (
            SpriteSpec(
                "soccerball",
                (25, 47),
                ((0.1, 0.9, 0.16), (0.9, 0.9, 0.16), (0.1, 0.9, 0.16)),
            ),
            SpriteSpec(
                "soccerball",
                (25, 47),
                ((0.9, 0.92, 0.16), (0.1, 0.92, 0.16), (0.9, 0.92, 0.16)),
            ),
            SpriteSpec("soccerball", (25, 47), ((0.5, 0.97, 0.16), (0.52, 0.8, 0.15))),
        ),
    ),
)
"""Scenes of sequences of ``val.txt`` with objects that touch throughout and move
together, and with equal objects that pass each other."""
