"""Process that writes and reads files of the corpus, within a limit of memory."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np

from tests.corpus.families import FAMILIES, check
from tests.corpus.mutations import damage

SECONDS_PER_FILE = 30.0
"""Processor time of a file."""
MEMORY = 3 * 2**30
"""Address space that reading a file may add, in bytes."""


def main() -> None:
    """Read jobs from standard input, one per line, and write their outcomes."""
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries may print
    for line in sys.stdin:
        family, number, seed = json.loads(line)
        _limit_time(SECONDS_PER_FILE)
        outcome = run(Path(sys.argv[1]), family, number, seed)
        _limit_time(0)
        results.write(json.dumps(outcome) + "\n")
        results.flush()


def run(
    folder: Path, family: str, number: int, seed: int, *, limited: bool = True
) -> tuple[str, str]:
    """Write a sample, damage it if `seed` is not negative, and read it.

    Parameters
    ----------
    folder : Path
        Contains the file afterwards.
    family : str
    number : int
        Of the sample in its family.
    seed : int
        Seed of the damage; -1: none.
    limited : bool
        Limit the memory of this process while it reads a damaged file.

    Returns
    -------
    outcome, detail : str
    """
    sample = list(FAMILIES[family]())[number]
    work = folder / family
    shutil.rmtree(work, ignore_errors=True)
    path = work / sample.name
    path.parent.mkdir(parents=True)
    sample.write(path)
    if seed >= 0:
        kind = damage(path, np.random.default_rng(seed))
        if limited:
            _limit_memory()
        outcome, detail = check(family, path, None)
        return outcome, f"{sample.name}, {kind}: {detail}"
    outcome, detail = check(family, path, sample)
    return outcome, f"{sample.name}: {detail}"


def _limit_time(seconds: float) -> None:
    """End this process after a processor time; 0 removes the limit.

    Processor time does not depend on other processes.
    """
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    """Let allocations fail that are out of proportion to the small files."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
