import sys

import pytest
from PIL import Image

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.study.measure.plots import (
    plot_reliability,
    plot_report,
    require_matplotlib,
)


def facts(rounds, sequences):
    curve = [0.5 + 0.05 * round_index for round_index in range(rounds)]
    return {
        "j": curve,
        "f": [y + 0.1 for y in curve],
        "jf": [y + 0.05 for y in curve],
        "baselines": {"GatedGCN": curve, "simple": [y - 0.2 for y in curve]},
        "first_strokes": "robot",
        "sequences": {
            f"sequence-{k}": {"j": [y - k / 50 for y in curve], "ceiling": 0.95}
            for k in range(sequences)
        },
    }


@pytest.mark.parametrize(("rounds", "sequences"), [(8, 3), (1, 1)])
def test_plots_are_written(tmp_path, rounds, sequences):
    pytest.importorskip("matplotlib")
    paths = plot_report(facts(rounds, sequences), tmp_path / "plots")
    assert [path.name for path in paths] == ["curve.png", "sequences.png"]
    for path in paths:
        with Image.open(path) as picture:
            assert min(picture.size) > 300
            assert len(picture.convert("RGB").getcolors(10**6)) > 20


def test_reliability_plot_is_written(tmp_path):
    pytest.importorskip("matplotlib")
    bins = [
        {"frames": 5, "expected": 0.6, "true": 0.5},
        {"frames": 5, "expected": 0.9, "true": 0.85},
    ]
    path = plot_reliability(bins, tmp_path / "plots")
    with Image.open(path) as picture:
        assert min(picture.size) > 300
        assert len(picture.convert("RGB").getcolors(10**6)) > 20


def test_missing_matplotlib_is_reported_with_the_installation_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SettingsError, match=r"napari-gnn-vos\[study\]"):
        require_matplotlib()
