"""Training with the robot in the loop, on any number of processes."""

from __future__ import annotations

import copy
import csv
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, distributed
from torch.nn import functional

from napari_gnn_vos.config import Settings
from napari_gnn_vos.engine import INPUTS
from napari_gnn_vos.model.checkpoint import Card, build, save_checkpoint
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.model.registry import Predictor
from napari_gnn_vos.prepare.edge_features import LINK_NAMES
from napari_gnn_vos.study.robot import Robot
from napari_gnn_vos.study.rounds import play
from napari_gnn_vos.study.samples import Footage, Pool, Sample

log = logging.getLogger(__name__)


class TrainSettings(Settings):
    """How a network is trained."""

    steps: int = 4000
    rate: float = 3e-3
    frames: int = 10
    rounds: int = 8
    pool: int = 10
    steps_a_round: int = 8
    width: int = 20
    depth: int = 12
    dropout: float = 0.1
    average: float = 0.998
    overlap: float = 0.5
    validate_every: int = 300
    validation_rounds: int = 2
    seed: int = 0


@dataclass(slots=True, eq=False)
class Course:
    """One process's share of a training."""

    settings: TrainSettings
    train: Sequence[Footage]
    validation: Sequence[Footage]
    folder: Path
    rank: int = 0
    world: int = 1


def loss_of(network: GatedGCN, sample: Sample, overlap: float) -> Tensor:
    """Cross-entropy, mean over superpixels, and one minus the soft J of the window.

    Parameters
    ----------
    network : GatedGCN
    sample : Sample
    overlap : float
        Weight of the second term, in which superpixels count by their size.
    """
    device = next(network.parameters()).device
    nodes = np.concatenate([sample.graph.nodes.values, sample.inputs], axis=1)
    logits = network(
        torch.tensor(nodes, device=device),
        torch.tensor(sample.graph.links.values, device=device),
        torch.tensor(sample.graph.edges, device=device).long(),
    )
    target = torch.from_numpy(sample.target).to(device)
    size = torch.from_numpy(sample.size).to(device)
    loss = functional.binary_cross_entropy_with_logits(logits, target)
    if sample.target.sum() > 1:
        p = torch.sigmoid(logits)
        both = (size * p * target).sum()
        either = (size * (p + target)).sum() - both
        loss = loss + overlap * (1 - both / either)
    return loss


def train(course: Course) -> Path:
    """Train a network; goes on from the folder's last state if there is one.

    Parameters
    ----------
    course : Course

    Returns
    -------
    path : Path
        The checkpoint with the best validation J.
    """
    s = course.settings
    torch.manual_seed(s.seed)
    card = Card(INPUTS, LINK_NAMES, s.width, s.depth, {"seed": s.seed})
    network = build(card, s.dropout)
    mean = copy.deepcopy(network).eval()
    adam = torch.optim.Adam(network.parameters(), lr=s.rate)
    rng = np.random.default_rng([s.seed, course.rank])
    pool = Pool(course.train, s.rounds, s.pool, rng)
    state = course.folder / "state.pt"
    first, best = 0, -1.0
    if state.exists():
        first, best = _resume(state, network, mean, adam)
    begin = time.monotonic()
    running = 0.0
    for step in range(first, s.steps):
        if (step - first) % s.steps_a_round == 0:
            for _ in range(s.pool if step == first else 1):
                pool.advance(Predictor(mean, card))
        for group in adam.param_groups:
            group["lr"] = _rate(step, s)
        running = 0.98 * running + 0.02 * _step(network, adam, pool, course)
        _follow(mean, network, min(s.average, (step + 1) / (step + 10)))
        if (step + 1) % 50 == 0 and course.rank == 0:
            took = time.monotonic() - begin
            log.info("step %d of %d, loss %.4f, %.0f s", step + 1, s.steps, running, took)
        if (step + 1) % s.validate_every == 0 or step + 1 == s.steps:
            js = validate(Predictor(mean, card), course)
            if course.rank == 0:
                facts = {
                    "seed": s.seed, "steps": step + 1, "seconds": took,
                    "processes": course.world, "j_by_round": js,
                    "settings": s.model_dump(),
                }
                card = replace(card, facts=facts)
                _write_row(course.folder / "curve.csv", [step + 1, running, *js])
                save_checkpoint(course.folder / "last.safetensors", mean.state_dict(), card)
                if np.mean(js) > best:
                    best = float(np.mean(js))
                    save_checkpoint(course.folder / "best.safetensors", mean.state_dict(), card)
                _keep(state, network, mean, adam, step + 1, best)
    return course.folder / "best.safetensors"


def _rate(step: int, s: TrainSettings) -> float:
    """Warm up over the first 100 steps, then half a cosine down to a fiftieth."""
    warm = min(1.0, (step + 1) / 100)
    return float(s.rate * warm * (0.02 + 0.49 * (1 + np.cos(np.pi * step / s.steps))))


def _step(
    network: GatedGCN, adam: torch.optim.Adam, pool: Pool, course: Course
) -> float:
    network.train()
    adam.zero_grad()
    loss = loss_of(network, pool.sample(course.settings.frames), course.settings.overlap)
    loss.backward()  # type: ignore[no-untyped-call]
    if course.world > 1:
        flat = torch.cat([p.grad.ravel() for p in network.parameters()])  # type: ignore[union-attr]
        distributed.all_reduce(flat)
        flat /= course.world
        parts = flat.split([p.numel() for p in network.parameters()])
        for p, part in zip(network.parameters(), parts, strict=True):
            p.grad = part.view_as(p)
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    adam.step()
    return float(loss.detach())


@torch.no_grad()
def _follow(mean: GatedGCN, network: GatedGCN, keep: float) -> None:
    for m, p in zip(mean.parameters(), network.parameters(), strict=True):
        m.lerp_(p, 1 - keep)


def validate(model: Predictor, course: Course) -> list[float]:
    """Mean J after every round on the validation sequences, shared by the processes."""
    rounds = course.settings.validation_rounds
    total = torch.zeros(rounds + 1, dtype=torch.float64)
    for footage in course.validation[course.rank :: course.world]:
        scores = play(
            footage.session,
            footage.truth,
            Robot(),
            model,
            rounds=rounds,
            rng=np.random.default_rng(0),
        )
        js = [float(score.j.mean()) for _, score in scores]
        total += torch.tensor([*js, 1.0], dtype=torch.float64)
        log.info("J %s: %s", footage.session.video.name, np.round(js, 3))
    if course.world > 1:
        distributed.all_reduce(total)
    js = (total[:-1] / total[-1]).tolist()
    if course.rank == 0:
        log.info("validation J by round: %s", np.round(js, 4))
    return js


def _keep(path: Path, network: GatedGCN, mean: GatedGCN, adam: torch.optim.Adam, step: int, best: float) -> None:
    part = path.with_suffix(".part")
    torch.save(
        {
            "network": network.state_dict(),
            "mean": mean.state_dict(),
            "adam": adam.state_dict(),
            "step": step,
            "best": best,
        },
        part,
    )
    part.replace(path)


def _resume(path: Path, network: GatedGCN, mean: GatedGCN, adam: torch.optim.Adam) -> tuple[int, float]:
    kept = torch.load(path, weights_only=True)
    network.load_state_dict(kept["network"])
    mean.load_state_dict(kept["mean"])
    adam.load_state_dict(kept["adam"])
    log.info("going on at step %d", kept["step"])
    return int(kept["step"]), float(kept["best"])


def _write_row(path: Path, row: list[float]) -> None:
    with path.open("a", newline="") as file:
        csv.writer(file).writerow(row)


def train_together(make: Callable[[int, int], Course], processes: int) -> None:
    """Train on several processes that add up their gradients after every step.

    Parameters
    ----------
    make : callable
        From the number of a process and the number of processes to its course; must
        be picklable.
    processes : int
    """
    if processes == 1:
        train(make(0, 1))
        return
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")
    torch.multiprocessing.spawn(_process, (make, processes), processes)  # type: ignore[no-untyped-call]


def _process(rank: int, make: Callable[[int, int], Course], processes: int) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))
    distributed.init_process_group("gloo", rank=rank, world_size=processes)
    try:
        train(make(rank, processes))
    finally:
        distributed.destroy_process_group()
