import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_gnn_vos.cli import app
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.label_images import davis_palette
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.strokes_file import write_strokes
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.measure import benchmark
from napari_gnn_vos.study.metrics import jaccard
from tests.scenes import moving_square, on_ground, on_square
from tests.study.davis_folders import (
    STROKES_ON_ONE,
    STROKES_ON_TWO,
    davis_folder,
    write_human_scribbles,
)
from tests.videos import write_videos


@pytest.fixture
def davis(tmp_path):
    """Dataset of two sequences in DAVIS layout, long enough for all commands."""
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


def test_segment_checks_its_output_before_the_work(run, davis, tmp_path):
    root, _ = davis
    write_strokes(tmp_path / "strokes.json", [on_square(), on_ground()])
    frames = root / "JPEGImages/480p/one"
    args = "--cache", "cache", "--quality", "fast"
    for output, message in (
        ("labels.avi", "'.avi'"),
        ("strokes.json", "input of this command"),
        ("strokes.json/labels.tif", "Cannot write"),
    ):
        result = run("segment", frames, "strokes.json", output, "--overwrite", *args)
        assert (result.exit_code, message in result.output) == (2, True), result.output
    assert not (tmp_path / "cache").exists()
    first = run("segment", frames, "strokes.json", "new/labels.json", *args)
    assert first.exit_code == 0, first.output
    video = json.loads((tmp_path / "new/labels.json").read_text())["videos"][0]
    assert video["file_names"][3] == "one/00003.jpg"
    second = run("segment", frames, "strokes.json", "new/labels.json", *args)
    assert (second.exit_code, "--overwrite" in second.output) == (2, True)
    again = "segment", frames, "strokes.json", "new/labels.json", "--overwrite"
    assert run(*again, *args).exit_code == 0


def test_second_preparation_uses_the_cache(run, davis, tmp_path):
    root, _ = davis
    frames = root / "JPEGImages/480p/one"
    assert run("prepare", frames, "--cache", "cache").exit_code == 0
    before = {f: f.stat().st_mtime_ns for f in (tmp_path / "cache").rglob("*.npz")}
    assert run("prepare", frames, "--cache", "cache").exit_code == 0
    after = {f: f.stat().st_mtime_ns for f in (tmp_path / "cache").rglob("*.npz")}
    assert before == after
    assert len(before) == 12


def test_each_quality_has_its_own_cache_entry(run, davis, tmp_path):
    root, _ = davis
    frames = root / "JPEGImages/480p/one"
    for quality in ("balanced", "fast"):
        out = run("prepare", frames, "--cache", "cache", "--quality", quality)
        assert out.exit_code == 0, out.output
    assert len(list((tmp_path / "cache").iterdir())) == 2
    wrong = run("prepare", frames, "--cache", "cache", "--quality", "superb")
    assert wrong.exit_code == 2
    assert "superb" in wrong.output


def test_settings_are_read_from_a_file(run, davis, tmp_path):
    frames = davis[0] / "JPEGImages/480p/one"
    settings = tmp_path / "settings.toml"
    settings.write_text(
        '[prepare]\nquality = "fast"\n[prepare.superpixels]\nper_frame = 40'
    )
    args = "prepare", frames, "--cache", "cache", "--settings", settings
    out = run(*args)
    assert out.exit_code == 0, out.output
    superpixels = int(out.output.split(" superpixels")[0].split()[-1])
    assert superpixels < 12 * 60
    assert run(*args, "--quality", "balanced").exit_code == 0
    assert len(list((tmp_path / "cache").iterdir())) == 2
    settings.write_text("refine = 3")
    wrong = run(
        "segment", frames, tmp_path / "none.json", "out", "--settings", settings
    )
    assert wrong.exit_code == 2
    assert "refine" in wrong.output


def test_benchmark_writes_a_report(run, davis, tmp_path):
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
    assert not (tmp_path / "out.json.partial").exists()


def test_benchmark_starts_with_human_scribbles(run, tmp_path):
    root = davis_folder(tmp_path / "davis")
    write_human_scribbles(root / "Scribbles", "one", STROKES_ON_ONE)
    write_human_scribbles(root / "Scribbles", "two", STROKES_ON_TWO)
    result = run(
        *("benchmark", "--davis", root, "--sequences", "one,two", "--rounds", 2),
        *("--json", "new/out.json", "--cache", "cache", "--plots", "plots"),
    )
    assert result.exit_code == 0, result.output
    facts = json.loads((tmp_path / "new/out.json").read_text())
    assert facts["first_strokes"] == "human"
    assert facts["protocol"] == "ours"
    assert [sequence["objects"] for sequence in facts["sequences"].values()] == [1, 2]
    for key in ("j", "f", "jf"):
        assert [type(value) for value in facts[key]] == [float, float]
    for key in ("auc_j", "auc_jf", "j_at_60s", "jf_at_60s", "mean_j", "mean_jf"):
        assert 0 < facts[key] <= 1
    assert {"model", "settings", "versions", "hardware"} <= set(facts)
    plots = sorted(file.name for file in (tmp_path / "plots").iterdir())
    assert plots == ["curve.png", "sequences.png"]


def test_interrupted_benchmark_is_resumed(run, tmp_path, monkeypatch):
    root = davis_folder(tmp_path / "davis")
    write_human_scribbles(root / "Scribbles", "one", STROKES_ON_ONE)
    write_human_scribbles(root / "Scribbles", "two", STROKES_ON_TWO)
    args = "benchmark", "--davis", root, "--sequences", "one,two", "--rounds", 1
    args = *args, "--cache", "cache", "--json", "out.json"
    opened = []

    def stop_in_the_second(root, name):
        opened.append(name)
        if opened == ["one", "two", "one", "two"]:  # after all masks were checked
            raise KeyboardInterrupt
        return read_davis(root, name)

    monkeypatch.setattr(benchmark, "read_davis", stop_in_the_second)
    result = run(*args)
    assert result.exit_code == 130
    assert "out.json.partial" in result.output
    assert not (tmp_path / "out.json").exists()
    (finished,) = (tmp_path / "out.json.partial").iterdir()
    assert finished.name.startswith("one-")
    opened.clear()
    assert run(*args).exit_code == 0
    assert opened == ["one", "two", "two"]
    assert set(json.loads((tmp_path / "out.json").read_text())["sequences"]) == {
        "one",
        "two",
    }
    assert not finished.parent.exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--rounds", 0), "Invalid value for"),
        (("--protocol", "mine"), "'davisinteractive'"),
        (("--scribbles", "nowhere"), "nowhere"),
        (("--model", "no.safetensors"), "no.safetensors"),
        (("--json", "."), "is a folder"),
        (("--sequences", " , "), "no name was given"),
        (("--sequences", "bear"), "unknown: bear"),
    ],
)
def test_benchmark_refuses_invalid_options(run, tmp_path, args, message):
    root = davis_folder(tmp_path / "davis")
    result = run("benchmark", "--davis", root, "--sequences", "one", *args)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_labels_are_converted_between_formats(run, tmp_path):
    labels = np.zeros((3, 16, 18), np.uint8)
    labels[:, 2:6, 3:9] = 4
    export_labels(VideoLabels(labels, {4: "cell"}), tmp_path / "a.json")
    result = run("convert", "a.json", "01_RES", "--format", "ctc")
    assert (result.exit_code, "3 frames" in result.output) == (0, True), result.output
    read = import_labels(tmp_path / "01_RES")
    np.testing.assert_array_equal(read.frames[:], labels)
    assert read.names == {4: "cell"}
    again = run("convert", "a.json", "01_RES", "--format", "ctc")
    assert (again.exit_code, "--overwrite" in again.output) == (2, True)
    np.save(tmp_path / "video.npy", np.full((3, 16, 18), 7, np.uint8))
    assert run("convert", "a.json", "a.mp4", "--video", "video.npy").exit_code == 0
    over_video = run("convert", "a.json", "a.mp4", "--video", "a.mp4", "--overwrite")
    assert (over_video.exit_code, "input of" in over_video.output) == (2, True)
    np.save(tmp_path / "other.npy", np.full((3, 20, 18), 7, np.uint8))
    np.save(tmp_path / "short.npy", np.full((2, 16, 18), 7, np.uint8))
    for video, message in (("other.npy", "has the size"), ("short.npy", "more frames")):
        for output in ("c.mp4", "c.csv"):
            wrong = run("convert", "a.json", output, "--video", video)
            assert (wrong.exit_code, message in wrong.output) == (2, True), wrong.output
    missing = run("convert", "a.json", "b.mp4")
    assert (missing.exit_code, "--video" in missing.output) == (2, True)


def test_segment_uses_trained_weights(run, davis, tmp_path):
    root, _ = davis
    result = run(
        *("train", "--davis", root, "--sequences", "one", "--validation", "two"),
        *("--output", "runs", "--steps", 2, "--processes", 1),
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


def test_ceiling_and_transfer_print_a_row_per_method(run, davis):
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
    ("args", "message"),
    [
        (("prepare", "nowhere.mp4"), "nowhere.mp4"),
        (("segment", "nowhere.mp4", "none.json", "out"), "none.json"),
        (("ceiling", "--davis", ".", "--sequences", "x" * 300), "JPEGImages"),
        (("ceiling", "--davis", "x" * 300, "--sequences", "a"), "JPEGImages"),
        (("open", "x" * 300), "not accessible"),
        (("fine-tune", "x" * 300, "--name", "a"), "not accessible"),
        (("convert", ".", "a.json", "--from", "coco"), "cannot be read"),
        (("benchmark", "--davis", "nowhere", "--sequences", "a"), "nowhere"),
    ],
)
def test_missing_file_is_reported_without_traceback(run, args, message):
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "args",
    [
        ("ceiling", "--davis", ".", "--sequences", "x", "--every", "0"),
        ("ceiling", "--davis", ".", "--sequences", "x", "--superpixels", "-5"),
        ("ceiling", "--davis", ".", "--sequences", "x", "--superpixels", "70000"),
        ("segment", "a.mp4", "b.json", "c", "--seed", "-1"),
    ],
)
def test_numbers_out_of_range_are_refused(run, args):
    result = run(*args)
    assert result.exit_code == 2
    assert "Invalid value for" in result.output


REFUSED_STROKES = {
    "frames 0 to 11": [Scribble(12, 1, [(5, 5)])],
    "must overlap": [on_square(), Scribble(0, 0, [(500, 500)])],
    "stroke on an object": [on_ground()],
    "up to 255": [Scribble(0, 300, [(5, 5)])],
}


@pytest.mark.parametrize("message", REFUSED_STROKES)
def test_strokes_are_checked_before_the_preparation(run, davis, tmp_path, message):
    root, _ = davis
    write_strokes(tmp_path / "strokes.json", REFUSED_STROKES[message])
    frames = root / "JPEGImages/480p/one"
    result = run("segment", frames, "strokes.json", "labels", "--cache", "cache")
    assert (result.exit_code, message in result.output) == (2, True), result.output
    assert not (tmp_path / "cache").exists()


def test_home_folder_is_expanded_and_empty_paths_are_refused(
    run, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    export_labels(np.ones((3, 16, 18), np.uint8), tmp_path / "a.json")
    assert run("convert", "~/a.json", "~/b.tif").exit_code == 0
    assert (tmp_path / "b.tif").is_file()
    for args in (("convert", "", "b"), ("convert", "a.json", ""), ("open", "")):
        assert run(*args).exit_code == 2
    for cache in ("", "~nobody-of-this-name/graphs"):
        assert run("prepare", "a.npy", f"--cache={cache}").exit_code == 2


def test_read_only_file_system_is_no_cache(run, tmp_path):
    pytest.importorskip("aiohttp")
    np.save(tmp_path / "a.npy", np.zeros((2, 16, 18), np.uint8))
    result = run("prepare", "a.npy", "--cache", "http://127.0.0.1:9/graphs")
    assert (result.exit_code, "cannot be written" in result.output) == (2, True)


SHELL = "import sys; from napari_gnn_vos.cli import app; {}; app(sys.argv[1:])"


@pytest.mark.parametrize("streams", ["pass", "sys.stdout = sys.stderr = None"])
def test_commands_run_with_streams_that_cannot_be_printed_to(tmp_path, streams):
    export_labels(np.ones((3, 16, 18), np.uint8), tmp_path / "a.json")
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    for call in (["convert", "a.json", "\u00e9.tif"], ["segment", "--help"]):
        command = [sys.executable, "-c", SHELL.format(streams), *call]
        result = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, check=False
        )
        assert result.returncode == 0, result.stderr
    assert (tmp_path / "\u00e9.tif").exists()


def test_trainings_are_checked_before_the_work(run, davis, tmp_path):
    root, _ = davis
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    args = "--davis", root, "--cache", "cache", "--output", "out"
    for command, message in (
        (("train", "--sequences", "one", "--decoder", "--projection"), "exclude"),
        (("train", "--sequences", "one", "--decoder", "--stills", "no"), "photographs"),
        (("train", "--sequences", "list.txt"), "cannot be read"),
        (("benchmark", "--folds", 2, "--stills", "no"), "photographs"),
    ):
        result = run(*command, *args)
        assert (result.exit_code, message in result.output) == (2, True), result.output
    assert not (tmp_path / "cache").exists()


def test_videos_are_opened_before_the_first_one_is_prepared(run, tmp_path):
    good, _ = write_videos(tmp_path, 2)
    (tmp_path / "bad.npy").write_bytes(b"no array")
    result = run("prepare", good, "bad.npy", "nowhere.mp4", "--cache", "cache")
    assert result.exit_code == 2
    assert all(name in result.output for name in ("bad.npy", "nowhere.mp4"))
    assert not (tmp_path / "cache").exists()


def test_video_that_cannot_be_prepared_does_not_stop_the_others(run, tmp_path):
    videos = write_videos(tmp_path, 2)
    frames = np.load(videos[0])
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "damaged.zarr"), mode="w")
    group.create_array("0", data=frames, chunks=(1, *frames.shape[1:]))
    (tmp_path / "damaged.zarr/0/c/2/0/0/0").write_bytes(b"no chunk")
    result = run("prepare", videos[0], "damaged.zarr", videos[1], "--cache", "cache")
    assert result.exit_code == 2
    assert f"{videos[1]}: " in result.output
    assert "Prepared 2 of 3 videos." in result.output
    assert "Frame 2 of damaged.zarr" in result.output.splitlines()[-1]
    assert len(list((tmp_path / "cache").glob("*/graph.json"))) == 2


INTERRUPTED_IMPORT = """
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupt())
runpy.run_module("napari_gnn_vos", run_name="__main__")
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a signal of POSIX")
def test_interrupt_during_the_imports_is_silent():
    command = [sys.executable, "-c", INTERRUPTED_IMPORT]
    result = subprocess.run(command, capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, b"", b"")


def test_module_is_the_command():
    command = [sys.executable, "-m", "napari_gnn_vos", "prepare", "nowhere.mp4"]
    result = subprocess.run(command, capture_output=True, check=False)
    assert result.returncode == 2
    assert b"nowhere.mp4" in result.stderr
