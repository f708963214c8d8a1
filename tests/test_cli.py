import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_gnn_vos.cli import app
from napari_gnn_vos.io.palette import davis_palette
from napari_gnn_vos.io.strokes_file import write_strokes
from napari_gnn_vos.study.metrics import jaccard
from tests.scenes import moving_square, on_ground, on_square


@pytest.fixture
def davis(tmp_path):
    """Two sequences in DAVIS layout, long enough for all commands."""
    video, truth = moving_square(frames=12)
    for name in ("one", "two"):
        frames = tmp_path / "davis/JPEGImages/480p" / name
        masks = tmp_path / "davis/Annotations/480p" / name
        frames.mkdir(parents=True)
        masks.mkdir(parents=True)
        for t in range(len(truth)):
            Image.fromarray(video.rgb(t)).save(frames / f"{t:05d}.jpg", quality=95)
            mask = Image.fromarray(np.minimum(truth[t], 1), "P")
            mask.putpalette(davis_palette())
            mask.save(masks / f"{t:05d}.png")
    return tmp_path / "davis", truth


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*args):
        return CliRunner().invoke(app, [str(arg) for arg in args])

    return call


def test_segment_labels_every_frame(run, davis, tmp_path):
    root, truth = davis
    write_strokes(tmp_path / "strokes.json", [on_square(), on_ground()])
    frames = root / "JPEGImages/480p/one"
    args = "segment", frames, "strokes.json", "labels", "--cache", "cache"
    result = run(*args)
    assert result.exit_code == 0, result.output
    files = sorted((tmp_path / "labels").glob("*.png"))
    labels = np.stack([np.asarray(Image.open(file)) for file in files])
    assert jaccard(labels, truth, [1]).mean() > 0.6


def test_a_second_segment_opens_what_was_prepared(run, davis, tmp_path):
    root, _ = davis
    frames = root / "JPEGImages/480p/one"
    assert run("prepare", frames, "--cache", "cache").exit_code == 0
    before = {f: f.stat().st_mtime_ns for f in (tmp_path / "cache").rglob("*.npz")}
    assert run("prepare", frames, "--cache", "cache").exit_code == 0
    after = {f: f.stat().st_mtime_ns for f in (tmp_path / "cache").rglob("*.npz")}
    assert before == after
    assert len(before) == 12


def test_benchmark_writes_its_figures(run, davis, tmp_path):
    root, _ = davis
    result = run(
        *("benchmark", "--davis", root, "--sequences", "one,two", "--rounds", 2),
        *("--json", "out.json", "--cache", "cache", "--baselines"),
    )
    assert result.exit_code == 0, result.output
    facts = json.loads((tmp_path / "out.json").read_text())
    assert len(facts["j"]) == 2
    assert set(facts["sequences"]) == {"one", "two"}
    assert facts["sequences"]["one"]["j"][-1] <= 1
    assert facts["first_strokes"] == "robot"
    assert set(facts["seconds"]) == {"interact", "predict"}
    assert "label model alone" in facts["baselines"]
    assert "| GatedGCN |" in result.output


def test_train_makes_weights_that_segment_takes(run, davis, tmp_path):
    root, _ = davis
    result = run(
        *("train", "--davis", root, "--sequences", "one", "--validation", "two"),
        *("--output", "runs", "--steps", 2, "--scenes", 0, "--processes", 1),
        *("--cache", "cache"),
    )
    assert result.exit_code == 0, result.output
    write_strokes(tmp_path / "strokes.json", [on_square(), on_ground()])
    weights = tmp_path / "runs/best.safetensors"
    frames = root / "JPEGImages/480p/one"
    result = run(
        *("segment", frames, "strokes.json", "labels.tif"),
        *("--model", weights, "--cache", "cache"),
    )
    assert result.exit_code == 0, result.output


def test_ceiling_and_transfer_print_a_row_each(run, davis):
    root, _ = davis
    args = "--davis", root, "--sequences", "one"
    result = run("ceiling", *args, "--superpixels", 40, "--every", 6)
    assert result.exit_code == 0, result.output
    for method in ("merge", "watershed", "slic"):
        assert f"| {method} |" in result.output
    result = run("transfer", *args)
    assert result.exit_code == 0, result.output
    assert "all blocks" in result.output


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("prepare", "nowhere.mp4"), "nowhere.mp4"),
        (("segment", "nowhere.mp4", "none.json", "out"), "none.json"),
        (("benchmark", "--davis", "nowhere", "--sequences", "a"), "nowhere"),
    ],
)
def test_a_missing_file_is_told_in_one_line(run, args, told):
    result = run(*args)
    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output
