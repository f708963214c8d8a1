"""Arguments of wrong types of public functions: accepted, or refused with advice."""

import re
from pathlib import Path

import numpy as np
import pytest

from napari_gnn_vos import (
    Config,
    Scribble,
    Video,
    annotate,
    drain,
    load_model,
    most_uncertain_frames,
    predict,
    read_video,
    start,
)
from napari_gnn_vos.engine import encode_frames, node_inputs, split_at_boundaries
from napari_gnn_vos.errors import (
    ArgumentError,
    FrameIndexError,
    GnnVosError,
    SettingsError,
    ShapeError,
)
from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.io.davis_scribbles import (
    read_davis_scribbles,
    write_davis_scribbles,
)
from napari_gnn_vos.io.export import export_labels, import_labels
from napari_gnn_vos.io.formats.coco import export_coco
from napari_gnn_vos.io.formats.png import export_palette_pngs
from napari_gnn_vos.io.formats.tiff import export_tiff
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.io.samples.simulated_cells import simulate_cells
from napari_gnn_vos.io.strokes_file import read_strokes, write_strokes
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.fine_tuning.annotated_video import (
    AnnotatedVideo,
    read_annotated_video,
)
from napari_gnn_vos.study.fine_tuning.fine_tune import fine_tune
from tests.scenes import moving_square, on_ground, on_square

MODEL = WholeVideoModel(harmonic_baseline)
LABELS = np.pad(np.ones((2, 8, 8), np.uint8), ((0, 0), (8, 8), (8, 8)))
FAST = Config.at("fast")
WRONG = (
    *(None, -1, 1.5, float("nan"), 10**30, True, "", "x", b"x", "a\0b"),
    *([], [1, 2], ["a"], {}, {"a": 1}, (), object(), Path("nope")),
    *(np.zeros(3), np.zeros((2, 2)), np.array(["a"]), FAST, on_square()),
)
"""Values of many types; some are right for some arguments."""


@pytest.fixture(scope="module")
def session():
    video, _ = moving_square(frames=3)
    drawn = annotate(drain(start(video, FAST)), (on_square(), on_ground()), rng=0)
    return drain(predict(drawn, MODEL))


@pytest.fixture
def calls(session, tmp_path, monkeypatch):
    """Public functions with valid arguments, by name."""
    monkeypatch.chdir(tmp_path)
    video = session.video
    np.save("video.npy", np.zeros((2, 24, 24), np.uint8))
    write_strokes("strokes.json", on_square())
    write_davis_scribbles("davis.json", [on_square()], video.shape)
    export_labels(LABELS, "labels.tif")
    frames, scribbles = video.frames, [on_square()]
    options = {"names": {1: "a"}, "colours": {1: (1, 2, 3)}}
    return {
        read_video: {"path": "video.npy"},
        start: {"video": video, "config": FAST, "cache": None, "around": 0},
        annotate: {"session": session, "scribbles": scribbles, "rng": 0},
        predict: {"session": session, "model": MODEL, "first": None},
        drain: {"pipeline": encode_frames(session), "on_step": None},
        load_model: {"name": "gatedgcn-small", "device": "cpu", "backend": "torch"},
        most_uncertain_frames: {"session": session},
        Scribble: {"frame": 0, "label": 1, "path": [[1, 2]]},
        Video: {"frames": frames, "limits": (0, 1), "name": "", "identity": ""},
        Video.from_array: {"frames": frames, "name": "", "identity": ""},
        video.raw: {"t": 0},
        video.rgb: {"t": 0, "denoise": False},
        Config: {"prepare": FAST.prepare, "refine": "none"},
        Config.at: {"quality": "fast"},
        Config.read: {"path": "config.toml"},
        FAST.write: {"path": "config.toml"},
        node_inputs: {"session": session, "span": None},
        split_at_boundaries: {"session": session},
        encode_frames: {"session": session, "first": 0},
        export_labels: {
            "labels": LABELS,
            "path": "labels.tif",
            "format_name": None,
            "overwrite": True,
        },
        import_labels: {"path": "labels.tif", "format_name": None},
        export_tiff: {"labels": LABELS, "path": "1.tif", "placement": None, **options},
        export_palette_pngs: {
            "labels": LABELS,
            "folder": "png",
            "overwrite": True,
            "frame_names": None,
            "palette": None,
        },
        export_coco: {
            "labels": LABELS,
            "path": "a.json",
            "names": None,
            "frame_names": None,
            "video_name": None,
        },
        _write: {"frames": LABELS, "frame_names": ["a", "b"], **options},
        read_strokes: {"path": "strokes.json"},
        write_strokes: {"path": "strokes.json", "scribbles": scribbles},
        read_davis_scribbles: {"path": "davis.json", "shape": video.shape},
        write_davis_scribbles: {
            "path": "davis.json",
            "scribbles": scribbles,
            "shape": video.shape,
            "sequence": "a",
        },
        read_davis: {"root": tmp_path, "name": "a", "resolution": "480p"},
        Project.open: {"path": "nope"},
        read_annotated_video: {"source": "video.npy=labels.tif"},
        AnnotatedVideo: {"video": video, "masks": {}},
        fine_tune: {"videos": [], "settings": None, "cache": None, "base": "a"},
        simulate_cells: {"seed": 0, "photons": 1, "cells": -1},
        compose_scene: {"seed": 0, "frames": 2, "shape": (32, 32), "objects": 9},
    }


def _write(**fields):
    return export_labels(VideoLabels(**fields), "fields.json")


@pytest.mark.filterwarnings("ignore")
def test_wrong_types_are_refused_with_own_errors(calls):
    for function, arguments in calls.items():
        for name in arguments:
            for value in WRONG:
                _call(function, {**arguments, name: value})


def _call(function, arguments):
    try:
        result = function(**arguments)
        if hasattr(result, "send"):  # a few steps of a pipeline
            list(zip(range(3), result, strict=False))
    except GnnVosError:
        pass
    except Exception as error:  # noqa: BLE001 - any other type is the fault
        name = getattr(function, "__qualname__", function)
        pytest.fail(f"{name}({str(arguments)[:300]}) raised {error!r}")


def test_every_public_function_is_checked(calls):
    names = {getattr(function, "__name__", "") for function in calls}
    page = Path(__file__).parents[1].joinpath("docs/reference/api.md").read_text()
    listed = re.findall(r"^::: napari_gnn_vos\.(?!gui|controller)(\S+)", page, re.M)
    functions = {path.rsplit(".")[-1] for path in listed} - {"errors", "annotator"}
    classes = {name for name in functions if name[0].isupper()}
    assert functions - classes <= names


def test_an_integer_seeds_the_generator(session):
    first, second = (
        annotate(session, on_square(), rng=rng) for rng in (3, np.random.default_rng(3))
    )
    np.testing.assert_array_equal(first.drawn_seeds.row, second.drawn_seeds.row)


def test_arrays_are_started_as_videos():
    array = np.zeros((2, 24, 32, 3), np.uint8)
    session = drain(start(array, FAST))
    assert session.video.shape == (2, 24, 32)
    with pytest.raises(GnnVosError, match=re.escape("image[None]")):
        start(array[0, ..., 0])
    with pytest.raises(ArgumentError, match="read_video"):
        start("clip.mp4")


def test_wrong_arguments_are_refused_before_the_first_step(session):
    for call, advice in (
        (lambda: predict(session, None), "load_model"),
        (lambda: annotate(start(session.video), [], rng=0), r"drain\(\)"),
        (lambda: annotate(session, None, rng=0), "Scribble"),
        (lambda: drain(session), "pipeline itself"),
        (lambda: export_labels(None, "a.tif"), "session.labels"),
    ):
        with pytest.raises(GnnVosError, match=advice):
            call()


def test_a_pipeline_is_run_once(session):
    pipeline = encode_frames(session)
    drain(pipeline)
    with pytest.raises(ArgumentError, match="has ended"):
        drain(pipeline)


def test_missing_frames_are_index_errors(session):
    for call in (
        lambda: session.video.raw(3),
        lambda: session.video.rgb(-4),
        lambda: predict(session, MODEL, first=3),
    ):
        with pytest.raises(FrameIndexError):
            call()
    np.testing.assert_array_equal(session.video.raw(-1), session.video.raw(2))


def test_invalid_settings_of_config_are_settings_errors():
    with pytest.raises(SettingsError, match="refine"):
        Config(refine="best")
    with pytest.raises(SettingsError, match="unknown"):
        Config(unknown=1)


def test_file_names_of_too_few_frames_are_refused(tmp_path):
    for name in ("a.json", "a.xml", "png"):
        with pytest.raises(ShapeError, match="names"):
            export_labels(VideoLabels(LABELS, frame_names=["a"]), tmp_path / name)
