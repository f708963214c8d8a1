"""Run several trainings of networks, one core each, at the same time or in turn."""

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
from napari_gnn_vos.study.labelled_video import open_davis_videos
from napari_gnn_vos.study.training.train import train
from napari_gnn_vos.study.training.training_plan import TrainingPlan
from napari_gnn_vos.study.training.worker_process import initialize_worker


def training_folder(plan: TrainingPlan) -> Path:
    """Derive a folder name, ``DIGEST-SEED``, from all that the weights depend on."""
    depends_on = (
        version("napari-gnn-vos"),
        [(str(root.resolve()), names) for root, names in plan.train],
        plan.config.model_dump(),
        plan.settings.model_dump(exclude={"seed"}),
        [(name, path.name) for name, path in plan.projections],
    )
    text = json.dumps(depends_on, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Path(f"{digest}-{plan.settings.seed}")


def weights_file(plan: TrainingPlan) -> Path:
    """Return the path of the final weights of a training."""
    return plan.folder / "last.safetensors"


def is_finished(plan: TrainingPlan) -> bool:
    """Check whether a training has completed all its steps."""
    try:
        _, metadata = load_checkpoint(weights_file(plan))
    except ReadError:
        return False
    return metadata.facts.get("steps") == plan.settings.steps


def train_all(plans: Collection[TrainingPlan], processes: int) -> Pipeline[None]:
    """Run the trainings that are not finished.

    Parameters
    ----------
    plans : collection of TrainingPlan
        Plans with the same folder are the same training.
    processes : int
        Trainings at the same time, one core each.

    Yields
    ------
    step : Progress
        One per training, and further ones while videos are prepared.
    """
    unfinished = [plan for plan in plans if not is_finished(plan)]
    remaining = list({plan.folder: plan for plan in unfinished}.values())
    for plan in _longest_per_preparation(remaining):
        for root, names in plan.train:
            yield from open_davis_videos(root, names, plan.config, plan.cache)
    concurrent = min(processes, len(remaining))
    yield from (
        _train_concurrently(remaining, concurrent)
        if concurrent > 1
        else _train_sequentially(remaining)
    )


def _longest_per_preparation(plans: Sequence[TrainingPlan]) -> list[TrainingPlan]:
    """Select, per preparation setting, the plan with the most sequences."""
    by_length = sorted(
        plans, key=lambda plan: sum(len(names) for _, names in plan.train)
    )
    return list({plan.config.prepare.digest(): plan for plan in by_length}.values())


def _train_sequentially(plans: Sequence[TrainingPlan]) -> Pipeline[None]:
    for number, plan in enumerate(plans):
        yield Progress("train", number, len(plans))
        with single_threaded_torch():
            train(plan(0, 1))


def _train_concurrently(
    plans: Sequence[TrainingPlan], processes: int
) -> Pipeline[None]:
    spawn, earlier_children = get_context("spawn"), set(active_children())
    with ProcessPoolExecutor(processes, spawn, initialize_worker) as pool:
        futures = [pool.submit(_train, plan) for plan in plans]
        try:
            yield Progress("train", 0, len(plans))
            for number, future in enumerate(as_completed(futures)):
                future.result()
                yield Progress("train", number + 1, len(plans))
        except BaseException:  # interrupted: do not wait for running trainings
            for child in set(active_children()) - earlier_children:
                child.terminate()
            raise


def _train(plan: TrainingPlan) -> None:
    train(plan(0, 1))
