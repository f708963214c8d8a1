"""Scenes of several objects, composed of real sequences with one object each.

Networks learn from them, and are measured by them, what such sequences cannot show:
objects that look alike, that pass before each other, that leave and return.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.davis import read_davis, sequences
from napari_gnn_vos.io.export import export_palette_pngs
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.study.scenes.compose_list import TRAINING, VALIDATION
from napari_gnn_vos.study.scenes.compositor import cast, survey
from napari_gnn_vos.study.scenes.layers import Frame, put_together
from napari_gnn_vos.study.scenes.scene_spec import SceneSpec

FRAMES, MASKS, LISTS, RECIPES = (
    "JPEGImages/480p",
    "Annotations/480p",
    "ImageSets/2017",
    "Recipes",
)
QUALITY = 95
EDITION = 2
"""Of the JPEGs. One more whenever the same script gives other pictures."""


def compose(
    root: Path,
    output: Path,
    validation: Sequence[SceneSpec] = VALIDATION,
    training: Sequence[SceneSpec] = TRAINING,
) -> Pipeline[int]:
    """Write all scenes in the layout of DAVIS 2017; scenes that are there are kept.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout, with one object a sequence.
    output : Path
        A new or empty folder, or one that this function began to fill.
    validation, training : sequence of SceneSpec

    Yields
    ------
    step : Progress
        Frames written, of all scenes that are not there yet.

    Returns
    -------
    count : int
        Scenes in the folder.

    Raises
    ------
    ReadError
        If a sequence is missing or too short, the folder holds something else, or it
        cannot be written.
    """
    scripts = (*validation, *training)
    wanted = dict.fromkeys(name for script in scripts for name in script.sequences)
    sequences(root, ",".join(wanted))
    _refuse_others(output, scripts)
    try:
        missing = [script for script in scripts if not _is_there(output, script)]
        total, done = sum(script.frames for script in missing), 0
        for script in missing:
            for _ in _write_scene(root, output, script):
                done += 1
                yield Progress(script.name, done, total)
        for file, chosen in (("val.txt", validation), ("train.txt", training)):
            names = "".join(f"{script.name}\n" for script in chosen)
            _write_text(output / LISTS / file, names)
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(
            f"Cannot write {output}: {error}. Choose another place, or make room and "
            "check the permissions."
        ) from error
    return len(scripts)


def play(root: Path, script: SceneSpec) -> Iterator[Frame]:
    """Compose a scene, frame after frame.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    script : SceneSpec

    Yields
    ------
    frame : Frame
        Labels are those of the topmost object whose alpha is one half or more.

    Raises
    ------
    ReadError
        If a sequence is missing or too short.
    """
    video, truth = read_davis(root, script.base)
    if script.start + script.frames > len(truth):
        raise ReadError(
            f"Expected {script.start + script.frames} frames or more of {script.base} "
            f"for {script.name}; it has {len(truth)}. Take the whole sequence."
        )
    ground = survey(video, truth, script.start, script.frames)
    actors = [
        cast(role, *read_davis(root, role.sequence), ground) for role in script.roles
    ]
    for t in range(script.frames):
        layers = [actor.layer(t, ground.shape) for actor in actors]
        time = script.start + t
        yield put_together(video.rgb(time), truth[time] == 1, layers, script.behind)


def _write_scene(root: Path, output: Path, script: SceneSpec) -> Iterator[None]:
    """Write a scene beside its place, a frame a step; when complete, put it there."""
    from PIL import Image

    part = output / f".{script.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    (part / "frames").mkdir(parents=True)
    labels = []
    for t, (picture, mask) in enumerate(play(root, script)):
        file = part / "frames" / f"{t:05d}.jpg"
        Image.fromarray(picture).save(file, quality=QUALITY)
        labels.append(mask)
        yield
    export_palette_pngs(labels, part / "masks")
    for kind, place in (("masks", MASKS), ("frames", FRAMES)):
        (output / place).mkdir(parents=True, exist_ok=True)
        shutil.rmtree(output / place / script.name, ignore_errors=True)
        (part / kind).rename(output / place / script.name)
    part.rmdir()
    _write_text(_recipe(output, script), _told(script))


def _is_there(output: Path, script: SceneSpec) -> bool:
    """Whether a scene was completed by the same script."""
    file = _recipe(output, script)
    parts = [output / place / script.name for place in (FRAMES, MASKS)]
    complete = file.is_file() and all(part.is_dir() for part in parts)
    return complete and file.read_text(encoding="utf-8") == _told(script)


def _recipe(output: Path, script: SceneSpec) -> Path:
    return output / RECIPES / f"{script.name}.json"


def _told(script: SceneSpec) -> str:
    return json.dumps({"edition": EDITION} | asdict(script), indent=1) + "\n"


def _write_text(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def _refuse_others(output: Path, scripts: Iterable[SceneSpec]) -> None:
    """Refuse a folder that holds anything but scenes of these scripts."""
    names = {script.name for script in scripts}
    ours = {Path(place).parts[0] for place in (FRAMES, MASKS, LISTS, RECIPES)}
    ours |= {f".{name}.part" for name in names}
    if output.exists() and not output.is_dir():
        raise ReadError(_other(output, output.name))
    top = list(output.iterdir()) if output.is_dir() else []
    others = [path for path in top if path.name not in ours]
    for place in (FRAMES, MASKS):
        folder = output / place
        scenes = list(folder.iterdir()) if folder.is_dir() else []
        others += [path for path in scenes if path.name not in names]
    if others:
        raise ReadError(_other(output, others[0].name))


def _other(output: Path, name: str) -> str:
    return (
        f"Expected a new or empty folder, or one with composed scenes; {output} holds "
        f"{name}. Choose another folder."
    )
