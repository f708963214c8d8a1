"""Multi-object scenes composed of real single-object sequences.

They cover situations missing from single-object sequences: similar objects, occlusion
between objects, objects that leave and return, and objects that touch throughout.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.davis import read_davis, sequences
from napari_gnn_vos.io.formats.png import export_palette_pngs
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.storage import atomic_write_text
from napari_gnn_vos.study.scenes.compositor import Frame, composite
from napari_gnn_vos.study.scenes.parts import cut_positions, divide_object
from napari_gnn_vos.study.scenes.scene_list import SCENES
from napari_gnn_vos.study.scenes.scene_spec import SceneSpec
from napari_gnn_vos.study.scenes.sprites import make_sprite, measure_background

FRAMES, MASKS, LISTS, RECIPES = (
    "JPEGImages/480p",
    "Annotations/480p",
    "ImageSets/2017",
    "Recipes",
)
QUALITY = 95
EDITION = 2
"""JPEG quality, and version of the compositing, which is increased when rendered frames
change."""


def compose(
    root: Path,
    output: Path,
    scenes: Mapping[str, Sequence[SceneSpec]] = SCENES,
) -> Pipeline[int]:
    """Write all scenes in DAVIS 2017 layout; existing scenes are kept.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout, with one object per sequence.
    output : Path
        A new or empty folder, or a folder with scenes written by this function.
    scenes : mapping of str to sequence of SceneSpec
        Scenes by the name of the file in ``ImageSets/2017`` that lists them.

    Yields
    ------
    step : Progress
        Frames written, out of all missing scenes.

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
    specs = [spec for listed_specs in scenes.values() for spec in listed_specs]
    required = dict.fromkeys(name for spec in specs for name in spec.sequences)
    sequences(root, ",".join(required))
    _check_output_folder(output, specs)
    try:
        missing = [spec for spec in specs if not _is_complete(output, spec)]
        total, done = sum(spec.frames for spec in missing), 0
        for spec in missing:
            for _ in _write_scene(root, output, spec):
                done += 1
                yield Progress(spec.name, done, total)
        for file, listed_specs in scenes.items():
            names = "".join(f"{spec.name}\n" for spec in listed_specs)
            atomic_write_text(output / LISTS / file, names)
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(
            f"Cannot write {output}: {error}. Choose another folder, or check the free "
            "space and the permissions."
        ) from error
    return len(specs)


def render_scene(root: Path, spec: SceneSpec) -> Iterator[Frame]:
    """Render a scene frame by frame.

    Parameters
    ----------
    root : Path
        Folder in DAVIS layout.
    spec : SceneSpec

    Yields
    ------
    frame : Frame
        Labels are those of the topmost object whose alpha is one half or more.

    Raises
    ------
    ReadError
        If a sequence is missing or too short.
    """
    video, truth = read_davis(root, spec.base)
    if spec.start + spec.frames > len(truth):
        raise ReadError(
            f"Expected {spec.start + spec.frames} frames or more of {spec.base} "
            f"for {spec.name}; it has {len(truth)}. Use the complete sequence."
        )
    background = measure_background(video, truth, spec.start, spec.frames)
    sprites = [
        make_sprite(sprite_spec, *read_davis(root, sprite_spec.sequence), background)
        for sprite_spec in spec.sprites
    ]
    if spec.parts is not None:
        cuts = cut_positions(spec.parts, truth[spec.start : spec.start + spec.frames])
    for t in range(spec.frames):
        layers = [sprite.layer(t, background.shape) for sprite in sprites]
        time = spec.start + t
        mask = truth[time] == 1
        picture, labels = composite(video.rgb(time), mask, layers, spec.behind)
        if spec.parts is not None:
            labels = divide_object(labels, spec.parts.axis, cuts[t])
        yield picture, labels


def _write_scene(root: Path, output: Path, spec: SceneSpec) -> Iterator[None]:
    """Write a scene to a temporary folder and move it into place when complete."""
    from PIL import Image

    part = output / f".{spec.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    (part / "frames").mkdir(parents=True)
    labels = []
    for t, (picture, mask) in enumerate(render_scene(root, spec)):
        file = part / "frames" / f"{t:05d}.jpg"
        Image.fromarray(picture).save(file, quality=QUALITY)
        labels.append(mask)
        yield
    export_palette_pngs(labels, part / "masks")
    for kind, folder in (("masks", MASKS), ("frames", FRAMES)):
        (output / folder).mkdir(parents=True, exist_ok=True)
        shutil.rmtree(output / folder / spec.name, ignore_errors=True)
        (part / kind).rename(output / folder / spec.name)
    part.rmdir()
    atomic_write_text(_recipe(output, spec), _recipe_text(spec))


def _is_complete(output: Path, spec: SceneSpec) -> bool:
    """Check whether a scene was completed from the same specification."""
    file = _recipe(output, spec)
    parts = [output / folder / spec.name for folder in (FRAMES, MASKS)]
    complete = file.is_file() and all(part.is_dir() for part in parts)
    return complete and file.read_text(encoding="utf-8") == _recipe_text(spec)


def _recipe(output: Path, spec: SceneSpec) -> Path:
    return output / RECIPES / f"{spec.name}.json"


def _recipe_text(spec: SceneSpec) -> str:
    """Serialise a specification; sprites have the key ``roles`` of the file format."""
    fields = {
        "roles" if name == "sprites" else name: value
        for name, value in asdict(spec).items()
        if (name, value) != ("parts", None)
    }
    return json.dumps({"edition": EDITION} | fields, indent=1) + "\n"


def _check_output_folder(output: Path, specs: Iterable[SceneSpec]) -> None:
    """Refuse a folder that contains anything but scenes of these specifications."""
    names = {spec.name for spec in specs}
    own_names = {Path(folder).parts[0] for folder in (FRAMES, MASKS, LISTS, RECIPES)}
    own_names |= {f".{name}.part" for name in names}
    if output.exists() and not output.is_dir():
        raise ReadError(_foreign_content_message(output, output.name))
    top = list(output.iterdir()) if output.is_dir() else []
    foreign = [path for path in top if path.name not in own_names]
    for folder in (output / FRAMES, output / MASKS):
        scenes = list(folder.iterdir()) if folder.is_dir() else []
        foreign += [path for path in scenes if path.name not in names]
    if foreign:
        raise ReadError(_foreign_content_message(output, foreign[0].name))


def _foreign_content_message(output: Path, name: str) -> str:
    return (
        f"Expected a new or empty folder, or one with composed scenes; {output} "
        f"contains {name}. Choose another folder."
    )
