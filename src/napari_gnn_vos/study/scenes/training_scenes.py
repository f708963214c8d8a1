"""Specifications of the composed training scenes."""

from __future__ import annotations

from napari_gnn_vos.study.scenes.scene_spec import SceneSpec, SpriteSpec

TRAINING = (
    # Two similar hikers; the nearer one occludes the other.
    SceneSpec(
        "two-hikers",
        "hike",
        10,
        (SpriteSpec("hike", (0, 45), ((0.92, 0.94, 0.66), (0.14, 0.96, 0.68)), True),),
    ),
    # Two bears meet; a duck is fully occluded by them.
    SceneSpec(
        "bears",
        "bear",
        0,
        (
            SpriteSpec(
                "mallard-fly", (0, 28), ((0.85, 0.82, 0.13), (0.04, 0.84, 0.13))
            ),
            SpriteSpec("bear", (15, 59), ((0.24, 1.0, 0.46), (0.72, 0.99, 0.48)), True),
        ),
        behind=1,
    ),
    # Two similar dancers; a skater leaves and returns.
    SceneSpec(
        "dancers",
        "breakdance-flare",
        0,
        (
            SpriteSpec(
                "breakdance-flare",
                (18, 59),
                ((0.18, 0.8, 0.5), (0.32, 0.82, 0.52)),
                mirrored=True,
            ),
            SpriteSpec(
                "rollerblade",
                (0, 34),
                ((0.86, 0.95, 0.68), (1.1, 0.95, 0.68), (0.55, 0.97, 0.7)),
                mirrored=True,
            ),
        ),
        behind=1,
    ),
    # Two boats, one occluded by the other; a paraglider leaves and returns.
    SceneSpec(
        "harbour",
        "boat",
        0,
        (
            SpriteSpec(
                "paragliding",
                (0, 59),
                ((0.86, 0.42, 0.36), (1.06, 0.42, 0.36), (0.7, 0.46, 0.38)),
                shadow=0,
            ),
            SpriteSpec(
                "boat",
                (10, 59),
                ((0.12, 0.56, 0.2), (0.75, 0.56, 0.2)),
                mirrored=True,
                shadow=0,
            ),
        ),
        behind=2,
    ),
    # Two riders cross; a bicycle in front of them.
    SceneSpec(
        "arena",
        "horsejump-low",
        0,
        (
            SpriteSpec(
                "horsejump-low", (36, 59), ((0.92, 0.92, 0.6), (0.1, 0.94, 0.62)), True
            ),
            SpriteSpec("bmx-bumps", (2, 28), ((0.62, 0.93, 0.42), (0.1, 0.93, 0.42))),
        ),
    ),
    # Two elephants; a rhino behind the first, a bear in front of both.
    SceneSpec(
        "herd",
        "elephant",
        0,
        (
            SpriteSpec("rhino", (0, 59), ((0.92, 0.72, 0.22), (0.14, 0.74, 0.22))),
            SpriteSpec(
                "elephant", (20, 59), ((0.84, 0.92, 0.56), (0.66, 0.94, 0.58)), True
            ),
            SpriteSpec("bear", (0, 45), ((0.12, 1.0, 0.3), (0.5, 1.0, 0.3)), True),
        ),
        behind=1,
    ),
    # A motorbike is occluded by the bus; a car and a scooter cross in front.
    SceneSpec(
        "road",
        "bus",
        0,
        (
            SpriteSpec("motorbike", (30, 40), ((0.06, 0.4, 0.15), (0.95, 0.5, 0.15))),
            SpriteSpec(
                "car-turn", (42, 59), ((0.12, 0.84, 0.27), (0.52, 0.88, 0.29)), True
            ),
            SpriteSpec(
                "scooter-gray", (26, 44), ((0.9, 0.96, 0.36), (0.2, 0.98, 0.36))
            ),
        ),
        behind=1,
    ),
    # Three pedestrians, two of them similar; a skater leaves and returns.
    SceneSpec(
        "promenade",
        "lucia",
        0,
        (
            SpriteSpec("hike", (0, 59), ((0.1, 0.88, 0.62), (0.62, 0.88, 0.62))),
            SpriteSpec(
                "lucia", (15, 59), ((0.88, 0.97, 0.74), (0.16, 0.98, 0.76)), True
            ),
            SpriteSpec(
                "rollerblade",
                (0, 34),
                ((0.72, 0.99, 0.72), (1.12, 0.99, 0.72), (0.8, 0.99, 0.72)),
            ),
        ),
        behind=1,
    ),
    # Three similar players and two similar skaters.
    SceneSpec(
        "rink",
        "hockey",
        0,
        (
            SpriteSpec(
                "hockey",
                (0, 45),
                ((0.84, 0.7, 0.52), (1.14, 0.7, 0.52), (0.78, 0.72, 0.54)),
            ),
            SpriteSpec(
                "hockey", (20, 59), ((0.18, 0.86, 0.66), (0.4, 0.88, 0.66)), True
            ),
            SpriteSpec("rollerblade", (0, 34), ((0.1, 0.96, 0.66), (0.72, 0.98, 0.68))),
            SpriteSpec(
                "rollerblade", (8, 34), ((0.9, 0.94, 0.64), (0.3, 0.95, 0.64)), True
            ),
        ),
        behind=1,
    ),
    # Three similar ducks and two similar flamingos.
    SceneSpec(
        "pond",
        "mallard-water",
        20,
        (
            SpriteSpec(
                "flamingo",
                (15, 59),
                ((0.82, 0.6, 0.5), (0.7, 0.6, 0.5)),
                mirrored=True,
                shadow=0,
            ),
            SpriteSpec(
                "mallard-water",
                (20, 59),
                ((0.12, 0.46, 0.22), (0.6, 0.46, 0.22)),
                mirrored=True,
                shadow=0.2,
            ),
            SpriteSpec(
                "flamingo", (0, 45), ((0.16, 0.9, 0.66), (0.32, 0.9, 0.66)), shadow=0
            ),
            SpriteSpec(
                "mallard-water",
                (0, 45),
                ((0.88, 0.84, 0.3), (0.3, 0.88, 0.32)),
                shadow=0.2,
            ),
        ),
        behind=2,
    ),
)
"""Scenes composed of sequences of ``train.txt`` only."""
