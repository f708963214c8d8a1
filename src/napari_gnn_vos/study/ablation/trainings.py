"""Trainings that an ablation needs, each on one core, some at the same time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from multiprocessing import active_children, get_context
from pathlib import Path

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.hardware import single_threaded_torch
from napari_gnn_vos.model.checkpoint import load_checkpoint
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.study.labelled_video import davis_footage
from napari_gnn_vos.study.training.one_core import begin_on_one_core
from napari_gnn_vos.study.training.train import train
from napari_gnn_vos.study.training.training_plan import TrainingPlan


def spaced(names: Sequence[str], count: int | None) -> tuple[str, ...]:
    """Take some names, evenly spaced, with the first and the last.

    Parameters
    ----------
    names : sequence of str
    count : int, optional
        How many; all if not given, or if there are no more.

    Examples
    --------
    >>> spaced(["a", "b", "c", "d", "e"], 3)
    ('a', 'c', 'e')
    """
    if count is None or count >= len(names):
        return tuple(names)
    last = len(names) - 1
    return tuple(names[round(k * last / max(count - 1, 1))] for k in range(count))


def folder_of(plan: TrainingPlan) -> Path:
    """Name a training by all that its weights depend on; ``DIGEST-SEED``."""
    depends_on = (
        version("napari-gnn-vos"),
        [(str(root.resolve()), names) for root, names in plan.train],
        plan.config.model_dump(),
        plan.settings.model_dump(exclude={"seed"}),
    )
    text = json.dumps(depends_on, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Path(f"{digest}-{plan.settings.seed}")


def weights_of(plan: TrainingPlan) -> Path:
    """File with the weights of a training, once it is finished."""
    return plan.folder / "last.safetensors"


def finished(plan: TrainingPlan) -> bool:
    """Tell whether a training has taken all its steps."""
    try:
        _, card = load_checkpoint(weights_of(plan))
    except ReadError:
        return False
    return card.facts.get("steps") == plan.settings.steps


def train_all(plans: Collection[TrainingPlan], processes: int) -> Pipeline[None]:
    """Run trainings that are not finished.

    Parameters
    ----------
    plans : collection of TrainingPlan
        Those with one folder are one training.
    processes : int
        Trainings at the same time, one core each.

    Yields
    ------
    step : Progress
        One a training, and more while videos are prepared.
    """
    open_ones = [plan for plan in plans if not finished(plan)]
    left = list({plan.folder: plan for plan in open_ones}.values())
    for plan in _once_a_video(left):
        for root, names in plan.train:
            yield from davis_footage(root, names, plan.config, plan.cache)
    at_once = min(processes, len(left))
    yield from _at_once(left, at_once) if at_once > 1 else _one_by_one(left)


def _once_a_video(plans: Sequence[TrainingPlan]) -> list[TrainingPlan]:
    """Plans that together need every video: the longest list of each preparation."""
    by_length = sorted(
        plans, key=lambda plan: sum(len(names) for _, names in plan.train)
    )
    return list({plan.config.prepare.digest(): plan for plan in by_length}.values())


def _one_by_one(plans: Sequence[TrainingPlan]) -> Pipeline[None]:
    for number, plan in enumerate(plans):
        yield Progress("train", number, len(plans))
        with single_threaded_torch():
            train(plan(0, 1))


def _at_once(plans: Sequence[TrainingPlan], processes: int) -> Pipeline[None]:
    spawn, others = get_context("spawn"), set(active_children())
    with ProcessPoolExecutor(processes, spawn, begin_on_one_core) as pool:
        futures = [pool.submit(_train, plan) for plan in plans]
        try:
            yield Progress("train", 0, len(plans))
            for number, future in enumerate(as_completed(futures)):
                future.result()
                yield Progress("train", number + 1, len(plans))
        except BaseException:  # stopped: what runs is not waited for
            for child in set(active_children()) - others:
                child.terminate()
            raise


def _train(plan: TrainingPlan) -> None:
    train(plan(0, 1))
