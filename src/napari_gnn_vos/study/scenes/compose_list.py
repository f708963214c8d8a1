"""The fixed list of composed scenes."""

from __future__ import annotations

from napari_gnn_vos.study.scenes.script import Role, Script

VALIDATION = (
    # The same twice; the nearer one passes before the other.
    Script(
        "two-strollers",
        "stroller",
        0,
        (Role("stroller", (20, 59), ((0.86, 0.93, 0.74), (0.12, 0.97, 0.78)), True),),
    ),
    # Three alike; one leaves, returns, and hides behind the first.
    Script(
        "surf-race",
        "surf",
        0,
        (
            Role(
                "surf",
                (5, 34),
                ((0.84, 0.68, 0.4), (1.12, 0.68, 0.4), (0.8, 0.68, 0.4)),
                mirrored=True,
                shadow=0,
            ),
            Role(
                "surf",
                (6, 36),
                ((0.08, 0.72, 0.52), (0.72, 0.74, 0.54)),
                step=-1,
                shadow=0,
            ),
        ),
        behind=2,
    ),
    # Two players alike; a ball runs between their feet.
    Script(
        "tennis-doubles",
        "tennis",
        10,
        (
            Role("soccerball", (25, 47), ((0.95, 0.9, 0.09), (0.05, 0.9, 0.09))),
            Role(
                "tennis",
                (0, 45),
                ((0.72, 0.95, 0.66), (0.62, 0.97, 0.68), (0.74, 0.96, 0.66)),
                mirrored=True,
            ),
        ),
    ),
    # The swing and the player are covered; the ball leaves and returns.
    Script(
        "playground",
        "swing",
        0,
        (
            Role("tennis", (5, 50), ((0.32, 0.82, 0.42), (0.2, 0.82, 0.42))),
            Role("stroller", (20, 59), ((0.12, 0.99, 0.8), (0.9, 0.99, 0.8))),
            Role(
                "soccerball",
                (25, 47),
                ((0.8, 0.95, 0.12), (1.08, 0.97, 0.13), (0.55, 0.98, 0.14)),
            ),
        ),
        behind=1,
    ),
    # A second train in front; a ball rolls behind the wagons, a figure walks there.
    Script(
        "toy-trains",
        "train",
        0,
        (
            Role("tennis", (10, 50), ((0.85, 0.5, 0.17), (0.25, 0.52, 0.17))),
            Role("soccerball", (25, 47), ((0.1, 0.72, 0.08), (0.95, 0.68, 0.08))),
            Role("train", (15, 55), ((0.7, 0.99, 0.38), (0.3, 0.99, 0.38)), True),
        ),
        behind=2,
    ),
    # Two balls and two players, each alike; the balls cross.
    Script(
        "ball-games",
        "soccerball",
        0,
        (
            Role("tennis", (0, 45), ((0.46, 0.74, 0.46), (0.58, 0.76, 0.47))),
            Role("tennis", (15, 59), ((0.66, 0.8, 0.52), (0.5, 0.8, 0.52)), True),
            Role("stroller", (15, 59), ((0.16, 0.82, 0.56), (0.36, 0.84, 0.58))),
            Role("soccerball", (25, 47), ((0.1, 0.92, 0.18), (0.75, 0.94, 0.19))),
        ),
        behind=3,
    ),
)
"""Made of the sequences of ``val.txt`` only."""

TRAINING = (
    # The same twice; the nearer one passes before the other.
    Script(
        "two-hikers",
        "hike",
        10,
        (Role("hike", (0, 45), ((0.92, 0.94, 0.66), (0.14, 0.96, 0.68)), True),),
    ),
    # Two bears meet; a duck is wholly hidden behind them.
    Script(
        "bears",
        "bear",
        0,
        (
            Role("mallard-fly", (0, 28), ((0.85, 0.82, 0.13), (0.04, 0.84, 0.13))),
            Role("bear", (15, 59), ((0.24, 1.0, 0.46), (0.72, 0.99, 0.48)), True),
        ),
        behind=1,
    ),
    # Two dancers alike, and a skater who leaves and returns.
    Script(
        "dancers",
        "breakdance-flare",
        0,
        (
            Role(
                "breakdance-flare",
                (18, 59),
                ((0.18, 0.8, 0.5), (0.32, 0.82, 0.52)),
                mirrored=True,
            ),
            Role(
                "rollerblade",
                (0, 34),
                ((0.86, 0.95, 0.68), (1.1, 0.95, 0.68), (0.55, 0.97, 0.7)),
                mirrored=True,
            ),
        ),
        behind=1,
    ),
    # Two boats, one passes behind; a glider leaves and returns.
    Script(
        "harbour",
        "boat",
        0,
        (
            Role(
                "paragliding",
                (0, 59),
                ((0.86, 0.42, 0.36), (1.06, 0.42, 0.36), (0.7, 0.46, 0.38)),
                shadow=0,
            ),
            Role(
                "boat",
                (10, 59),
                ((0.12, 0.56, 0.2), (0.75, 0.56, 0.2)),
                mirrored=True,
                shadow=0,
            ),
        ),
        behind=2,
    ),
    # Two riders cross; a bicycle before them.
    Script(
        "arena",
        "horsejump-low",
        0,
        (
            Role(
                "horsejump-low", (36, 59), ((0.92, 0.92, 0.6), (0.1, 0.94, 0.62)), True
            ),
            Role("bmx-bumps", (2, 28), ((0.62, 0.93, 0.42), (0.1, 0.93, 0.42))),
        ),
    ),
    # Two elephants; a rhino is hidden behind the first, a bear comes in front.
    Script(
        "herd",
        "elephant",
        0,
        (
            Role("rhino", (0, 59), ((0.92, 0.72, 0.22), (0.14, 0.74, 0.22))),
            Role("elephant", (20, 59), ((0.84, 0.92, 0.56), (0.66, 0.94, 0.58)), True),
            Role("bear", (0, 45), ((0.12, 1.0, 0.3), (0.5, 1.0, 0.3)), True),
        ),
        behind=1,
    ),
    # A motorbike is hidden behind the bus; two cross before it.
    Script(
        "road",
        "bus",
        0,
        (
            Role("motorbike", (30, 40), ((0.06, 0.4, 0.15), (0.95, 0.5, 0.15))),
            Role("car-turn", (42, 59), ((0.12, 0.84, 0.27), (0.52, 0.88, 0.29)), True),
            Role("scooter-gray", (26, 44), ((0.9, 0.96, 0.36), (0.2, 0.98, 0.36))),
        ),
        behind=1,
    ),
    # Walkers to and fro, two of them alike; a skater leaves and returns.
    Script(
        "promenade",
        "lucia",
        0,
        (
            Role("hike", (0, 59), ((0.1, 0.88, 0.62), (0.62, 0.88, 0.62))),
            Role("lucia", (15, 59), ((0.88, 0.97, 0.74), (0.16, 0.98, 0.76)), True),
            Role(
                "rollerblade",
                (0, 34),
                ((0.72, 0.99, 0.72), (1.12, 0.99, 0.72), (0.8, 0.99, 0.72)),
            ),
        ),
        behind=1,
    ),
    # Three players and two skaters, each alike.
    Script(
        "rink",
        "hockey",
        0,
        (
            Role(
                "hockey",
                (0, 45),
                ((0.84, 0.7, 0.52), (1.14, 0.7, 0.52), (0.78, 0.72, 0.54)),
            ),
            Role("hockey", (20, 59), ((0.18, 0.86, 0.66), (0.4, 0.88, 0.66)), True),
            Role("rollerblade", (0, 34), ((0.1, 0.96, 0.66), (0.72, 0.98, 0.68))),
            Role("rollerblade", (8, 34), ((0.9, 0.94, 0.64), (0.3, 0.95, 0.64)), True),
        ),
        behind=1,
    ),
    # Three ducks and two flamingos, each alike.
    Script(
        "pond",
        "mallard-water",
        20,
        (
            Role(
                "flamingo",
                (15, 59),
                ((0.82, 0.6, 0.5), (0.7, 0.6, 0.5)),
                mirrored=True,
                shadow=0,
            ),
            Role(
                "mallard-water",
                (20, 59),
                ((0.12, 0.46, 0.22), (0.6, 0.46, 0.22)),
                mirrored=True,
                shadow=0.2,
            ),
            Role("flamingo", (0, 45), ((0.16, 0.9, 0.66), (0.32, 0.9, 0.66)), shadow=0),
            Role(
                "mallard-water",
                (0, 45),
                ((0.88, 0.84, 0.3), (0.3, 0.88, 0.32)),
                shadow=0.2,
            ),
        ),
        behind=2,
    ),
)
"""Made of the sequences of ``train.txt`` only."""
