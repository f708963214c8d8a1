"""Summarise a run of pytest-benchmark for the documentation.

python benchmarks/report.py RAW.json docs/data/bench.json

`python scripts/result_tables.py` generates the tables of the documentation from the
result.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from result_tables import write_run

COMMAND = "make bench"


def summarise(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return median, range, repetitions, unit and target of every figure, by name."""
    summary = {}
    for benchmark in raw["benchmarks"]:
        for name, figure in benchmark["extra_info"].get("figures", {}).items():
            values = figure["values"]
            summary[name] = {
                "median": median(values),
                "spread": max(values) - min(values),
                "runs": len(values),
                "unit": figure["unit"],
                "target": figure["target"],
            }
    return summary


def main() -> None:
    """Read the raw report and write the summary."""
    raw_path, output = map(Path, sys.argv[1:])
    options = " DAVIS=ROOT" if os.environ.get("DAVIS") else ""
    summary = summarise(json.loads(raw_path.read_text()))
    write_run(output, "speed", COMMAND + options, summary)


if __name__ == "__main__":
    main()
