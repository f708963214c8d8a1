"""Forward passes of the same network by three backends: seconds, as a table.

python benchmarks/backends.py    # with DGL if it is installed, see docs/dgl.md
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.dgl_layers import dgl_logits
from napari_gnn_vos.model.gatedgcn import GatedGCN, GatedGCNLayer, Ties
from napari_gnn_vos.model.import_dgl import import_dgl
from napari_gnn_vos.model.infer import logits

COLUMNS = 32, 16
REACH = 1000
"""Edges join nodes whose numbers are no farther apart, much as those of a video."""

Given = tuple[Tensor, Tensor, Ties]
Way = Callable[[], Tensor]


class PlainLayer(GatedGCNLayer):
    """By torch's own operations on a CPU, too, as it runs on a graphics card."""

    def _fused(self, *inside: Tensor | Ties) -> tuple[Tensor, Tensor]:
        return self._plain(*inside)  # type: ignore[arg-type]


def random_inputs(count: int, edges: int) -> Given:
    """A graph of `edges` directed edges, each there both ways, and its features."""
    one = torch.randint(count, (edges // 2,))
    other = (one + torch.randint(1, REACH, one.shape)) % count
    index = torch.stack([torch.cat([one, other]), torch.cat([other, one])])
    index = index[:, torch.argsort(index[1], stable=True)]
    values = torch.randn(count, COLUMNS[0]), torch.randn(index.shape[1], COLUMNS[1])
    return *values, Ties.of(index, count)


def ways(depth: int, given: Given) -> dict[str, Way]:
    """The backends that are here."""
    network = GatedGCN(*COLUMNS, depth=depth).eval()
    plain = GatedGCN(*COLUMNS, depth=depth).eval()
    plain.layers = nn.ModuleList(PlainLayer(20) for _ in range(depth))
    plain.load_state_dict(network.state_dict())
    found: dict[str, Way] = {
        "plain torch": lambda: plain(*given),
        "fused, in pieces (model/infer.py)": lambda: logits(network, *given),
    }
    try:
        name = f"DGL {import_dgl().__version__}"
    except SettingsError as error:
        print(f"Without DGL: {error}\n")
    else:
        found[name] = lambda: dgl_logits(network, *given)
    return found


@torch.inference_mode()
def measure(run: Way) -> tuple[float, float]:
    """Seconds on the clock, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - processor


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("--nodes", type=int, default=60_000)
    read.add_argument("--edges", type=int, default=1_100_000, help="directed ones")
    read.add_argument("--depth", type=int, default=12, help="layers")
    read.add_argument("--runs", type=int, default=3)
    said = read.parse_args()
    torch.manual_seed(0)
    backends = ways(said.depth, random_inputs(said.nodes, said.edges))
    with torch.inference_mode():
        answers = {name: run() for name, run in backends.items()}  # and a warm-up
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in backends}
    for _ in range(said.runs):  # in turn, so that a busy moment hits all
        for name, run in backends.items():
            took[name].append(measure(run))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    print("| backend | seconds | processor seconds | difference |")
    print("|---|---|---|---|")
    wanted = answers["plain torch"]
    for name, times in took.items():
        clock, processor = map(statistics.median, zip(*times, strict=True))
        off = (answers[name] - wanted).abs().max() / wanted.abs().max()
        print(f"| {name} | {clock:.2f} | {processor:.2f} | {off:.0e} |")


if __name__ == "__main__":
    main()
