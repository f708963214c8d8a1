"""Read damaged and unusual files in processes with limits on time and memory.

``python -m tests.corpus`` reads 600 files; ``--family tiff --seconds 3600`` reads
damaged TIFF files for an hour.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

from tests.corpus.families import CORRECT, FAMILIES, FOREIGN, LATE, REFUSED, WRONG

CRASH, TIMEOUT = "crash", "time limit"
COLUMNS = (CORRECT, REFUSED, LATE, WRONG, FOREIGN, CRASH, TIMEOUT)
FAULTS = (WRONG, FOREIGN, CRASH, TIMEOUT)
WAITING_SECONDS = 600.0
"""Time for a process that neither computes nor answers."""
Job = tuple[str, int, int]
"""Family, number of the sample, seed of the damage (-1: none)."""


def main() -> int:
    """Read the files and print a table of outcomes; return 1 if there is a fault."""
    arguments = _arguments()
    families = arguments.family or list(FAMILIES)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    faults = []
    for job, outcome, detail in _run(_jobs(families, arguments)):
        counts[job[0]][outcome] += 1
        if outcome in FAULTS:
            faults.append((*job, outcome, detail))
            print(*faults[-1], flush=True)
    print(_table(counts))
    if arguments.json:
        arguments.json.write_text(json.dumps(counts, indent=1))
    return bool(faults)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", action="append", choices=FAMILIES)
    parser.add_argument("--count", type=int, default=600, help="number of files")
    parser.add_argument("--seconds", type=float, help="run for this long instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the table to this file")
    return parser.parse_args()


def _jobs(families: list[str], arguments: argparse.Namespace) -> Iterator[Job]:
    """Yield all undamaged samples, then damaged ones until the limit."""
    sizes = {family: len(list(FAMILIES[family]())) for family in families}
    jobs = [(family, k, -1) for family, size in sizes.items() for k in range(size)]
    yield from jobs
    end = None if arguments.seconds is None else time.monotonic() + arguments.seconds
    count, seed = len(jobs), arguments.seed
    while time.monotonic() < end if end is not None else count < arguments.count:
        family = families[count % len(families)]
        yield family, seed % sizes[family], seed
        count, seed = count + 1, seed + 1


def _run(jobs: Iterator[Job]) -> Iterator[tuple[Job, str, str]]:
    """Run jobs in a process that is replaced after a crash or the time limit."""
    worker = None
    with tempfile.TemporaryDirectory() as folder:
        for job in jobs:
            worker = worker or _start_worker(folder)
            assert worker.stdin is not None
            assert worker.stdout is not None
            timer = Timer(WAITING_SECONDS, worker.kill)
            worker.stdin.write(json.dumps(job) + "\n")
            worker.stdin.flush()
            timer.start()
            line = worker.stdout.readline()
            elapsed = not timer.is_alive()
            timer.cancel()
            if line:
                yield job, *json.loads(line)
            else:
                code = worker.wait()
                elapsed = elapsed or code == -getattr(signal, "SIGPROF", 0)
                yield job, TIMEOUT if elapsed else CRASH, f"exit code {code}"
                worker = None
        if worker is not None and worker.stdin is not None:
            worker.stdin.close()
            worker.wait()


def _start_worker(folder: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.corpus.worker", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _table(counts: dict[str, Counter[str]]) -> str:
    rows = [("reader", "files", *COLUMNS)]
    total: Counter[str] = Counter()
    for family, outcomes in counts.items():
        total += outcomes
        rows.append((family, *_cells(outcomes)))
    rows.append(("all", *_cells(total)))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def _cells(outcomes: Counter[str]) -> tuple[str, ...]:
    return str(outcomes.total()), *(str(outcomes[column]) for column in COLUMNS)


if __name__ == "__main__":
    sys.exit(main())
