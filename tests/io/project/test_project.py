"""Projects: round trips, damage, hostile content and failed writes."""

import errno
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_gnn_vos.errors import ProjectLockedError, ReadError
from napari_gnn_vos.io.project import lock
from napari_gnn_vos.io.project import manifest as project_manifest
from napari_gnn_vos.io.project.lock import ProjectLock
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.io.project.records import CanvasRecord, encode_line
from napari_gnn_vos.io.project.video_reference import (
    find_video,
    is_same_video,
    video_reference,
)
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.project import (
    DrawingState,
    ProjectObject,
    SavedEntry,
    SavedHistory,
    SavedObjects,
    SavedPrediction,
    VideoReference,
)
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Prediction
from napari_gnn_vos.structures.video import Video

SHAPE = (3, 20, 30)
VALUES = [0, 0, 1, 254, 255, 256, *range(300, 320), 32_767, 32_768]
VERSION_1 = b"""\
c174c152 {"frame":1,"label":254,"runs":[63,3],"kind":"stroke",\
"time":"2026-11-29T21:44:58.047+00:00","round":0,"layer":"brush"}
68890f79 {"frame":1,"label":0,"runs":[93,1],"kind":"stroke",\
"time":"2026-11-29T21:44:58.047+00:00","round":0,"layer":"brush"}
f28314f3 {"frame":2,"label":7,"runs":[150,120],"kind":"stroke",\
"time":"2026-11-29T21:44:58.047+00:00","round":0,"layer":"accepted"}
bc6eed1d {"frame":2,"label":0,"runs":[0,150,270,330],"kind":"stroke",\
"time":"2026-11-29T21:44:58.047+00:00","round":0,"layer":"accepted"}
0726c1b2 {"kind":"objects","time":"2026-11-29T21:44:58.047+00:00",\
"active":254,"objects":[{"label":254,"name":"cell","colour":"#ff0000",\
"locked":false,"hidden":false,"absent":[]}],"solo":null}
"""
"""Log of a project of the format version 1."""


def canvas(*pixels, value=1):
    image = np.zeros(SHAPE[1:], np.uint8)
    for row, col in pixels:
        image[row, col] = value
    return image


def example():
    log = ProjectLog(SHAPE)
    log.record_canvas("brush", 1, canvas((2, 3), (2, 4), (5, 6)), 1)
    log.record_canvas("brush", 0, canvas((7, 7), value=255), 1)
    log.record_lines([Scribble(2, 2, [[1, 1], [5, 5.5]])], 1)
    end = log.position
    scribble = Scribble(1, 1, [[2, 3], [2, 4], [5, 6]], connected=False)
    log.record_round(1, -1, [scribble])
    entries = SavedEntry(-1, 0, 0), SavedEntry(0, end, end, action="round 1")
    log.record_history(SavedHistory(entries, 1))
    log.record_objects(SavedObjects((ProjectObject(1, "bär", "#ff0000"),)), 1)
    listed = ProjectObject(2, locked=True, absent=(1,)), ProjectObject(1, hidden=True)
    log.record_objects(SavedObjects(listed, 2), 2)
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 2:5] = 1
    rows = np.linspace(0, 1, 8, dtype=np.float32).reshape(4, 2)
    saved = SavedPrediction(
        Prediction((1,), (rows, rows[:2], rows), np.ones((3, 1), np.float32), "cpu"),
        LabelFrames.of(labels),
    )
    thumbnail = np.full((20, 30, 3), 9, np.uint8)
    reference = VideoReference("walk", SHAPE, "/videos/walk.mp4", "walk.mp4", "ab")
    predictions = {0: saved}
    return Project(
        reference, log, predictions=predictions, thumbnail=thumbnail, model="gatedgcn"
    )


def assert_same_drawing(first, second):
    assert first.canvases.keys() == second.canvases.keys()
    for key, image in first.canvases.items():
        assert (second.canvases[key] == image).all()
    assert len(first.lines) == len(second.lines)
    for one, two in zip(first.lines, second.lines, strict=True):
        assert (one.frame, one.label) == (two.frame, two.label)
        assert (one.path == two.path).all()


@pytest.mark.parametrize("name", ["walk", "walk.gnnvos"])
def test_round_trip(tmp_path, name):
    project = example()
    project.save(tmp_path / name)
    opened = Project.open(tmp_path / name)
    assert not opened.problems
    assert opened.video == project.video
    assert opened.config == project.config
    assert opened.log.objects == project.log.objects
    assert opened.log.active == 2
    assert opened.log.history == project.log.history
    assert_same_drawing(opened.log.drawing, project.log.drawing)
    (saved_round,) = opened.log.rounds
    assert saved_round.scribbles[0].path.tolist() == [[2, 3], [2, 4], [5, 6]]
    saved, original = opened.predictions[0], project.predictions[0]
    assert (np.array(saved.labels) == np.array(original.labels)).all()
    for one, two in zip(
        saved.prediction.probability, original.prediction.probability, strict=True
    ):
        assert (one == two).all()
    assert (opened.thumbnail == project.thumbnail).all()
    assert (tmp_path / name).is_dir() == (name == "walk")


def test_saving_again_replaces_the_parts(tmp_path):
    project = example()
    project.save(tmp_path / "walk")
    before = {p.name for p in (tmp_path / "walk").iterdir()}
    project.log.record_canvas("brush", 2, canvas((1, 1)))
    project.save(tmp_path / "walk")
    after = {p.name for p in (tmp_path / "walk").iterdir()}
    assert len(after) == len(before)
    assert len(after - before) == 1  # the strokes
    assert ("brush", 2) in Project.open(tmp_path / "walk").log.drawing.canvases


def test_saving_again_repairs_damaged_parts(tmp_path):
    project = example()
    project.save(tmp_path / "walk")
    damaged = [*(tmp_path / "walk").glob("round-*")]
    for part in damaged:
        part.write_bytes(b"x" + part.read_bytes()[1:])
    assert Project.open(tmp_path / "walk").problems
    project.save(tmp_path / "walk")
    assert damaged
    assert not Project.open(tmp_path / "walk").problems


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            arrays(np.uint16, SHAPE[1:], elements=st.sampled_from(VALUES)),
        ),
        max_size=5,
    )
)
def test_log_restores_the_drawing_at_every_position(steps):
    log, states = ProjectLog(SHAPE), []
    for frame, image in steps:
        log.record_canvas("brush", frame, image)
        states.append((log.position, log.drawing))
    copy = ProjectLog(SHAPE)
    assert copy.load(b"".join(log.lines)) == 0
    for position, drawing in states:
        assert_same_drawing(drawing, copy.drawing_at(position))


def test_snapshot_of_a_log_does_not_grow():
    log = ProjectLog(SHAPE, append=[].append)
    log.record_canvas("brush", 0, canvas((4, 4)))
    snapshot = log.snapshot()
    lines, state = list(snapshot.lines), snapshot.drawing
    log.record_canvas("brush", 0, canvas((9, 9)))
    log.record_canvas("brush", 1, canvas((9, 9)))
    assert snapshot.lines == lines
    assert_same_drawing(snapshot.drawing, state)
    assert len(log.drawing.canvases) == 2


def test_recording_a_drawing_erases_what_it_lacks():
    log = ProjectLog(SHAPE)
    log.record_canvas("brush", 0, canvas((1, 1)))
    line = Scribble(0, 1, [[0, 0], [1, 1]])
    log.record_drawing(DrawingState({("accepted", 1): canvas((2, 2))}, (line,)))
    assert_same_drawing(
        log.drawing, DrawingState({("accepted", 1): canvas((2, 2))}, (line,))
    )
    log.record_drawing(DrawingState())
    assert_same_drawing(log.drawing, DrawingState())


def test_incomplete_last_record_is_dropped():
    log = example().log
    content = b"".join(log.lines)
    for size in range(len(content) - len(log.lines[-1]), len(content)):
        copy = ProjectLog(SHAPE)
        assert copy.load(content[:size]) == 0
        assert copy.position == log.position - 1


def test_damaged_record_is_skipped(tmp_path):
    project = example()
    project.save(tmp_path / "walk")
    (strokes,) = (tmp_path / "walk").glob("strokes-*")
    lines = strokes.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b'"label":0', b'"label":1')
    strokes.write_bytes(b"\n".join(lines))
    opened = Project.open(tmp_path / "walk")
    assert strokes.name in opened.problems[0]
    assert "1 records" in opened.problems[1]
    assert ("brush", 1) in opened.log.drawing.canvases
    assert ("brush", 0) not in opened.log.drawing.canvases
    assert opened.log.rounds


def test_damaged_prediction_is_named_and_the_rest_is_read(tmp_path):
    example().save(tmp_path / "walk")
    (part,) = (tmp_path / "walk").glob("round-0-*")
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    opened = Project.open(tmp_path / "walk")
    assert [part.name in problem for problem in opened.problems] == [True]
    assert not opened.predictions
    assert opened.log.rounds


@pytest.mark.parametrize("pattern", ["thumbnail-*", "round-0-*", "strokes-*"])
def test_missing_part_is_named(tmp_path, pattern):
    example().save(tmp_path / "walk")
    (part,) = (tmp_path / "walk").glob(pattern)
    part.unlink()
    assert part.name in Project.open(tmp_path / "walk").problems[0]


def change_manifest(project, **changes):
    path = project / "project.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_newer_version_is_refused_with_advice(tmp_path):
    example().save(tmp_path / "walk")
    change_manifest(tmp_path / "walk", version=3, video="unknown")
    with pytest.raises(ReadError, match=r"version 3.*Update"):
        Project.open(tmp_path / "walk")


def test_projects_of_older_versions_are_migrated_step_by_step(tmp_path, monkeypatch):
    example().save(tmp_path / "walk")
    manifest = json.loads((tmp_path / "walk" / "project.json").read_text())
    change_manifest(tmp_path / "walk", version=1, seed=None, random=5)
    migrations = {
        1: lambda old: old | {"random_seed": old["random"]},
        2: lambda old: old | {"seed": 2 * old["random_seed"]},
    }
    monkeypatch.setattr(project_manifest, "MIGRATIONS", migrations)
    monkeypatch.setattr(project_manifest, "FORMAT_VERSION", 3)
    opened = Project.open(tmp_path / "walk")
    assert manifest["version"] == 1
    assert opened.seed == 10
    assert opened.problems == ()


def test_project_of_version_1_is_read_without_loss(tmp_path):
    folder = tmp_path / "walk"
    folder.mkdir()
    manifest = {
        "format": "napari-gnn-vos project",
        "version": 1,
        "video": {"name": "walk", "shape": SHAPE},
        "config": {},
        "strokes": {"name": "log.jsonl"},
    }
    (folder / "project.json").write_text(json.dumps(manifest))
    (folder / "log.jsonl").write_bytes(VERSION_1)
    project = Project.open(folder)
    assert project.problems == ()
    drawing = project.log.drawing
    brush, accepted = drawing.of_kind("brush")[1], drawing.of_kind("accepted")[2]
    assert brush.dtype == np.uint8
    assert brush[2, 2:7].tolist() == [0, 254, 254, 254, 0]
    assert brush[3, 3] == 255
    assert (accepted[5:9] == 7).all()
    assert (accepted[9:] == 255).all()
    assert project.log.objects.objects == (ProjectObject(254, "cell", "#ff0000"),)
    project.save(tmp_path / "copy")
    assert version_of(tmp_path / "copy") == 1


def version_of(project):
    return json.loads((project / "project.json").read_text())["version"]


@pytest.mark.parametrize("label", [255, 300, 32_767])
def test_label_above_254_has_the_format_version_2(tmp_path, label):
    project = example()
    project.log.record_canvas("brush", 0, canvas((1, 1)).astype(np.uint16) * label)
    project.save(tmp_path / "walk")
    assert version_of(tmp_path / "walk") == (1 if label == 255 else 2)
    project.log.record_objects(SavedObjects((ProjectObject(label),)), label)
    project.save(tmp_path / "walk")
    assert version_of(tmp_path / "walk") == 2
    opened = Project.open(tmp_path / "walk")
    assert opened.log.drawing.of_kind("brush")[0][1, 1] == label
    assert opened.log.objects == SavedObjects((ProjectObject(label),))
    assert opened.log.active == label


def test_canvas_of_many_labels_is_one_record():
    log, cells = ProjectLog(SHAPE), np.zeros(SHAPE[1:], np.uint16)
    cells[2:18] = np.arange(480).reshape(16, 30) + 1
    log.record_canvas("accepted", 1, cells)
    assert log.position == 1
    assert log.format_version == 2
    copy = ProjectLog(SHAPE)
    assert copy.load(b"".join(log.lines)) == 0
    np.testing.assert_array_equal(copy.drawing.of_kind("accepted")[1], cells)


@pytest.mark.parametrize(
    ("labels", "runs"), [([1], [0, 2, 5, 1]), ([1, 2], [0, 2**39, 5, 1]), ([1], [3])]
)
def test_damaged_record_of_many_labels_is_skipped(labels, runs):
    record = CanvasRecord(frame=0, labels=labels, runs=runs, time="", round=0)
    log = ProjectLog(SHAPE)
    assert log.load(encode_line(record)) == 1
    assert not log.drawing.canvases


def test_migration_exists_for_each_older_version():
    versions = range(1, project_manifest.FORMAT_VERSION)
    assert list(project_manifest.MIGRATIONS) == list(versions)


def test_manifest_that_cannot_be_migrated_is_damaged(tmp_path, monkeypatch):
    example().save(tmp_path / "walk")
    monkeypatch.setattr(project_manifest, "MIGRATIONS", {1: lambda old: old["absent"]})
    monkeypatch.setattr(project_manifest, "FORMAT_VERSION", 2)
    with pytest.raises(ReadError, match="is damaged: 'absent'"):
        Project.open(tmp_path / "walk")


@pytest.mark.parametrize(
    "name", ["../secret.jsonl", "/etc/passwd", "a/b.jsonl", "C:x.jsonl", ""]
)
def test_path_outside_the_project_is_not_read(tmp_path, name):
    (tmp_path / "secret.jsonl").write_text("secret")
    example().save(tmp_path / "walk")
    change_manifest(tmp_path / "walk", strokes={"name": name, "bytes": 6})
    opened = Project.open(tmp_path / "walk")
    assert "not allowed" in opened.problems[0]


def test_link_out_of_the_project_is_not_followed(tmp_path):
    example().save(tmp_path / "walk")
    (part,) = (tmp_path / "walk").glob("strokes-*")
    part.rename(tmp_path / "outside.jsonl")
    try:
        part.symlink_to(tmp_path / "outside.jsonl")
    except OSError:
        pytest.skip("links cannot be created")
    assert "link" in Project.open(tmp_path / "walk").problems[0]


def test_part_that_is_larger_than_stated_is_refused(tmp_path):
    example().save(tmp_path / "walk.gnnvos")
    bomb = tmp_path / "bomb.gnnvos"
    with zipfile.ZipFile(tmp_path / "walk.gnnvos") as old:
        contents = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in contents.items():
            new.writestr(name, bytes(2**26) if name.startswith("round") else content)
    assert "larger" in Project.open(bomb).problems[0]


def test_labels_that_decompress_to_too_much_are_refused():
    from napari_gnn_vos.io.project.saved_prediction import (
        decode_prediction,
        encode_prediction,
    )

    saved = example().predictions[0]
    content = encode_prediction(saved)
    with pytest.raises(ReadError, match="expected 4 bytes"):
        decode_prediction(content, (3, 2, 2))


def test_objects_that_were_predicted_as_one_are_kept():
    from napari_gnn_vos.io.project.saved_prediction import (
        decode_prediction,
        encode_prediction,
    )

    saved = example().predictions[0]
    alone = decode_prediction(encode_prediction(saved), SHAPE)
    assert alone.prediction.grouped == ()
    group = replace(saved, prediction=replace(saved.prediction, grouped=(1,)))
    read = decode_prediction(encode_prediction(group), SHAPE)
    assert read.prediction.grouped == (1,)
    unknown = replace(saved, prediction=replace(saved.prediction, grouped=(2,)))
    with pytest.raises(ReadError, match="of a group"):
        decode_prediction(encode_prediction(unknown), SHAPE)


def test_records_outside_the_video_are_refused(tmp_path):
    example().save(tmp_path / "walk")
    manifest = json.loads((tmp_path / "walk" / "project.json").read_text())
    change_manifest(tmp_path / "walk", video=manifest["video"] | {"shape": [1, 4, 4]})
    opened = Project.open(tmp_path / "walk")
    assert opened.problems
    assert not opened.predictions


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": "x"}', b"\xff"])
def test_damaged_manifest_is_an_expected_error(tmp_path, content):
    example().save(tmp_path / "walk")
    (tmp_path / "walk" / "project.json").write_bytes(content)
    with pytest.raises(ReadError):
        Project.open(tmp_path / "walk")


@pytest.mark.parametrize("content", [b"", b"PK", b"text" * 100])
def test_damaged_archive_is_an_expected_error(tmp_path, content):
    (tmp_path / "walk.gnnvos").write_bytes(content)
    with pytest.raises(ReadError):
        Project.open(tmp_path / "walk.gnnvos")


def test_only_a_project_is_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "text.txt").write_text("text")
    (tmp_path / "notes").write_text("notes")
    for name in ("thesis", "notes"):
        with pytest.raises(ReadError, match="not a project"):
            example().save(tmp_path / name)
    with pytest.raises(ReadError, match="neither"):
        Project.open(tmp_path / "thesis")


@pytest.mark.parametrize("name", ["walk", "walk.gnnvos"])
@pytest.mark.parametrize("failing", [1, 2, 3])
def test_full_disk_keeps_the_saved_project(tmp_path, monkeypatch, name, failing):
    project = example()
    project.save(tmp_path / name)
    project.log.record_canvas("brush", 2, canvas((1, 1)))
    project.thumbnail = np.full((20, 30, 3), 7, np.uint8)
    calls, fsync = [], os.fsync

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) >= failing or name == "walk.gnnvos":
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReadError, match=r"No space left.*Nothing is lost"):
        project.save(tmp_path / name)
    monkeypatch.undo()
    opened = Project.open(tmp_path / name)
    assert not opened.problems
    assert ("brush", 2) not in opened.log.drawing.canvases
    assert not list(tmp_path.glob(".*.part"))


def test_read_only_folder_is_an_expected_error(tmp_path, monkeypatch):
    def refuse(self, *args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ReadError, match="Permission denied"):
        example().save(tmp_path / "walk")


def test_lock_names_its_owner_and_is_released(tmp_path):
    first = ProjectLock(tmp_path / "lock")
    with pytest.raises(ProjectLockedError, match=f"process {os.getpid()}"):
        ProjectLock(tmp_path / "lock")
    first.release()
    first.release()
    ProjectLock(tmp_path / "lock").release()
    assert not list(tmp_path.iterdir())


def test_lock_file_of_a_project_is_that_of_its_links(tmp_path):
    project, link = tmp_path / "a" / "p.gnnvos", tmp_path / "link.gnnvos"
    project.parent.mkdir()
    project.touch()
    link.symlink_to(project)
    assert lock.lock_file(link) == lock.lock_file(project)
    assert lock.lock_file(project) == project.with_name(".p.gnnvos.lock")
    long_name = tmp_path / ("é" * 120 + "-project.gnnvos")
    ProjectLock(lock.lock_file(long_name)).release()


def test_file_that_its_last_owner_has_deleted_is_no_lock(tmp_path, monkeypatch):
    path, acquire = tmp_path / "lock", lock._lock
    first = ProjectLock(path)

    def after_the_release(file):
        monkeypatch.setattr(lock, "_lock", acquire)
        first.release()
        acquire(file)

    monkeypatch.setattr(lock, "_lock", after_the_release)
    second = ProjectLock(path)
    assert path.exists()
    with pytest.raises(ProjectLockedError):
        ProjectLock(path)
    second.release()


def test_file_system_without_locks_is_used_without(tmp_path, monkeypatch):
    def unsupported(_file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_lock", unsupported)
    ProjectLock(tmp_path / "lock").release()


def saved_video(folder):
    frames = np.random.default_rng(0).integers(0, 255, SHAPE, np.uint8)
    path = folder / "walk.npy"
    np.save(path, frames)
    return path, Video.from_array(frames, "walk")


def test_video_is_found_after_both_were_moved(tmp_path):
    (tmp_path / "old").mkdir()
    path, video = saved_video(tmp_path / "old")
    reference = video_reference(video, str(path), tmp_path / "old" / "walk.gnnvos")
    assert reference.relative == "walk.npy"
    assert find_video(reference, tmp_path / "old" / "walk.gnnvos") == path
    (tmp_path / "old").rename(tmp_path / "new")
    moved = tmp_path / "new" / "walk.npy"
    assert find_video(reference, tmp_path / "new" / "walk.gnnvos") == moved
    assert is_same_video(reference, moved)
    moved.unlink()
    assert find_video(reference, tmp_path / "new" / "walk.gnnvos") is None


def test_changed_video_is_recognised(tmp_path):
    path, video = saved_video(tmp_path)
    reference = video_reference(video, str(path), tmp_path / "project")
    np.save(path, np.zeros(SHAPE, np.uint8))
    assert find_video(reference, tmp_path / "project") == path
    assert not is_same_video(reference, path)


def test_folder_of_frames_is_recognised_by_all_names_and_sizes(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.png").write_text(name)
    reference = VideoReference("frames", SHAPE, str(folder), "frames", "")
    from napari_gnn_vos.io.project.video_reference import content_fingerprint

    before = content_fingerprint(folder)
    (folder / "b.png").rename(folder / "c.png")
    assert content_fingerprint(folder) != before
    assert is_same_video(reference, folder)  # without a fingerprint
