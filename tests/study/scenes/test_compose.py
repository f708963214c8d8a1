import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_gnn_vos.cli import app
from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.davis import read_davis, sequences
from napari_gnn_vos.io.formats.png import export_palette_pngs
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.scenes.compose import compose, render_scene
from napari_gnn_vos.study.scenes.scene_list import SCENES
from napari_gnn_vos.study.scenes.scene_spec import PartsSpec, SceneSpec, SpriteSpec
from napari_gnn_vos.study.scenes.training_scenes import TRAINING
from napari_gnn_vos.study.scenes.validation_scenes import HARD, VALIDATION
from tests.scenes import BLUE, RED, moving_squares

STATIC_PATH = ((0.75, 0.9, 0.4),)
PAIR = SceneSpec(
    "pair", "red", 0, (SpriteSpec("blue", (1, 4), STATIC_PATH, shadow=0),), frames=6
)
HIDE = SceneSpec(
    "hide",
    "blue",
    1,
    (SpriteSpec("red", (0, 3), ((0.2, 0.5, 0.4), (1.4, 0.5, 0.4)), True),),
    frames=4,
)

EARLIER_RECIPE = """{
 "edition": 2,
 "name": "pair",
 "base": "red",
 "start": 0,
 "roles": [
  {
   "sequence": "blue",
   "clip": [
    1,
    4
   ],
   "path": [
    [
     0.75,
     0.9,
     0.4
    ]
   ],
   "mirrored": false,
   "step": 1,
   "shadow": 0
  }
 ],
 "behind": 0,
 "frames": 6
}
"""


@pytest.fixture
def root(tmp_path):
    """Write a red square that moves right and a blue square that moves left."""
    squares = {"red": (14, 6, 18, (0, 3), RED), "blue": (20, 40, 20, (0, -3), BLUE)}
    for name, square in squares.items():
        video, truth = moving_squares(square)
        frames = tmp_path / "real/JPEGImages/480p" / name
        frames.mkdir(parents=True)
        for t in range(len(truth)):
            Image.fromarray(video.rgb(t)).save(frames / f"{t:05d}.jpg", quality=95)
        export_palette_pngs(truth * 255, tmp_path / "real/Annotations/480p" / name)
    return tmp_path / "real"


@pytest.fixture
def output(tmp_path):
    return tmp_path / "composed"


def test_sprite_follows_its_path(root):
    for picture, labels in render_scene(root, PAIR):
        rows, columns = np.nonzero(labels == 2)
        assert columns.mean() == pytest.approx(0.75 * 64, abs=3)
        assert rows.max() == pytest.approx(0.9 * 48, abs=2)
        assert np.ptp(rows) == pytest.approx(0.4 * 48, abs=2.5)
        assert picture[labels == 2].mean(axis=0).argmax() == 2


def test_object_of_the_base_is_preserved(root):
    _, truth = read_davis(root, "red")
    for t, (_, labels) in enumerate(render_scene(root, PAIR)):
        foreground = (labels == 1) | (labels == 2)
        assert (foreground >= (truth[t] == 1)).all()
        assert not (labels == 1)[truth[t] == 0].any()


def test_sprite_outside_the_frame_has_no_label(root):
    *_, (_, labels) = render_scene(root, HIDE)
    assert set(np.unique(labels)) == {0, 1}


def test_rendering_is_deterministic(root):
    for first, second in zip(
        render_scene(root, HIDE), render_scene(root, HIDE), strict=True
    ):
        assert np.array_equal(first[0], second[0])
        assert np.array_equal(first[1], second[1])


def test_scenes_are_written_in_the_layout_of_davis(root, output):
    assert drain(compose(root, output, {"val.txt": [PAIR], "train.txt": [HIDE]})) == 2
    assert sequences(output, "ImageSets/2017/val.txt") == ["pair"]
    assert sequences(output, "ImageSets/2017/train.txt") == ["hide"]
    video, truth = read_davis(output, "pair")
    assert video.shape == truth.shape == (6, 48, 64)
    for t, (picture, labels) in enumerate(render_scene(root, PAIR)):
        assert np.array_equal(truth[t], labels)
        assert np.abs(video.rgb(t).astype(int) - picture).mean() < 4
    assert not list(output.glob(".*"))


def modification_times(output):
    return {
        f: f.stat().st_mtime_ns for f in output.rglob("*.???") if f.suffix != ".txt"
    }


def test_complete_scenes_are_kept_and_missing_ones_written(root, output):
    drain(compose(root, output, {"val.txt": [PAIR]}))
    before = modification_times(output)
    (output / ".hide.part/frames").mkdir(parents=True)  # from an interrupted run
    assert [
        step.total
        for step in compose(root, output, {"val.txt": [PAIR], "train.txt": [HIDE]})
    ] == [4] * 4
    after = modification_times(output)
    assert {f: after[f] for f in before} == before
    assert len(list((output / "JPEGImages/480p/hide").iterdir())) == 4
    assert not list(output.glob(".*"))


def test_scene_with_a_changed_specification_is_written_again(root, output):
    drain(compose(root, output, {"val.txt": [PAIR]}))
    drain(compose(root, output, {"val.txt": [replace(PAIR, frames=3)]}))
    assert read_davis(output, "pair")[0].shape[0] == 3


def test_recipe_has_the_keys_of_earlier_versions(root, output):
    drain(compose(root, output, {"val.txt": [PAIR]}))
    recipe = json.loads((output / "Recipes/pair.json").read_text("utf-8"))
    assert list(recipe) == [
        *("edition", "name", "base", "start", "roles", "behind", "frames")
    ]
    assert list(recipe["roles"][0]) == [
        *("sequence", "clip", "path", "mirrored", "step", "shadow")
    ]


def test_scene_with_a_recipe_of_an_earlier_version_is_kept(root, output):
    drain(compose(root, output, {"val.txt": [PAIR]}))
    (output / "Recipes/pair.json").write_text(EARLIER_RECIPE, "utf-8")
    before = modification_times(output)
    drain(compose(root, output, {"val.txt": [PAIR]}))
    assert modification_times(output) == before


@pytest.mark.parametrize("place", ["notes.txt", "JPEGImages/480p/holiday/00000.jpg"])
def test_folder_with_foreign_content_is_rejected(root, output, place):
    (output / place).parent.mkdir(parents=True)
    (output / place).write_text("mine")
    with pytest.raises(ReadError, match="Choose another folder"):
        drain(compose(root, output, {"val.txt": [PAIR]}))
    assert (output / place).read_text() == "mine"
    assert not (output / "Annotations").exists()


def test_file_as_output_is_rejected(root, output):
    output.write_text("mine")
    with pytest.raises(ReadError, match="composed"):
        drain(compose(root, output, {"val.txt": [PAIR]}))


def test_missing_sequence_is_reported_before_writing(root, output):
    without_base = replace(PAIR, name="other", base="green")
    with pytest.raises(ReadError, match="green"):
        drain(compose(root, output, {"val.txt": [PAIR, without_base]}))
    assert not output.exists()


def test_base_that_is_too_short_is_rejected(root):
    with pytest.raises(ReadError, match="9 frames or more of red"):
        next(render_scene(root, replace(PAIR, frames=9)))


def test_command_reports_a_missing_sequence_without_traceback(root, output):
    args = ["compose", "--davis", str(root), "--output", str(output)]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 2
    assert "stroller" in result.output
    assert "Traceback" not in result.output


def test_validation_and_training_scenes_share_no_sequence():
    of_part = [{s for spec in part for s in spec.sequences} for part in FIXED]
    assert of_part[0] == {"soccerball", "stroller", "surf", "swing", "tennis", "train"}
    assert not of_part[0] & of_part[1]


FIXED = (VALIDATION, TRAINING)


@pytest.mark.parametrize("part", FIXED)
def test_scene_list_covers_object_counts_similarity_occlusion_and_exits(part):
    counts = {1 + len(spec.sprites) for spec in part}
    assert counts == {2, 3, 4, 5}
    assert any(spec.base in spec.sequences[1:] for spec in part)  # similar objects
    assert any(spec.behind for spec in part)
    outside = [
        any(not 0 <= x <= 1 for x, _, _ in sprite_spec.path[1:-1])
        for spec in part
        for sprite_spec in spec.sprites
    ]
    assert any(outside)  # a sprite leaves and returns
    assert all(0 <= spec.behind <= len(spec.sprites) for spec in part)


def test_scene_names_are_unique():
    names = [spec.name for part in SCENES.values() for spec in part]
    assert len(names) == len(set(names)) == 22


def test_hard_scenes_use_validation_sequences_and_have_several_objects():
    validation = {s for spec in VALIDATION for s in spec.sequences}
    for spec in HARD:
        assert set(spec.sequences) <= validation
        assert spec.parts is not None or spec.sprites


@pytest.mark.parametrize("axis", ["rows", "columns"])
def test_parts_of_an_object_touch_and_share_its_area(root, axis):
    _, truth = read_davis(root, "red")
    spec = replace(PAIR, parts=PartsSpec(axis, (0.25, 0.5)), sprites=())
    for t, (_, labels) in enumerate(render_scene(root, spec)):
        np.testing.assert_array_equal(labels > 0, truth[t] == 1)
        shares = np.bincount(labels.ravel())[1:] / (labels > 0).sum()
        np.testing.assert_allclose(shares, (0.25, 0.25, 0.5), atol=0.12)
        first, second, third = (
            np.nonzero(labels == k)[axis == "columns"] for k in (1, 2, 3)
        )
        assert first.max() + 1 == second.min()
        assert second.max() + 1 == third.min()


def test_labels_of_sprites_follow_those_of_parts(root):
    spec = replace(PAIR, parts=PartsSpec("rows", (0.5,)))
    whole, parts = (list(render_scene(root, s)) for s in (PAIR, spec))
    for (_, labels), (_, divided) in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(labels == 2, divided == 3)
        np.testing.assert_array_equal(labels == 1, np.isin(divided, (1, 2)))
