"""Gather what pytest-benchmark has measured: latest.json, and a table in the docs.

python benchmarks/report.py RAW.json benchmarks/latest.json docs/performance.md
"""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from napari_gnn_vos.hardware import cores

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PACKAGES = "torch", "numba", "numpy", "opencv-python-headless", "scipy"


def figures(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every figure by name: median, spread (largest less smallest), unit and aim."""
    found = {}
    for one in raw["benchmarks"]:
        for name, known in one["extra_info"].get("figures", {}).items():
            values = known["values"]
            found[name] = {
                "median": median(values),
                "spread": max(values) - min(values),
                "runs": len(values),
                "unit": known["unit"],
                "aim": known["aim"],
            }
    return found


def table(found: dict[str, dict[str, Any]], machine: str) -> str:
    """Write the figures in Markdown."""
    lines = [
        machine,
        "",
        "| what | median | spread | runs | aim |",
        "|---|---|---|---|---|",
    ]
    for name, one in found.items():
        unit = one["unit"]
        aim = "" if one["aim"] is None else f"{one['aim']:g} {unit}"
        spread = "" if one["runs"] == 1 else f"{one['spread']:.2g}"
        cells = f"{one['median']:.3g} {unit}", spread, str(one["runs"]), aim
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    raw_path, latest, page = map(Path, sys.argv[1:])
    raw = json.loads(raw_path.read_text())
    found = figures(raw)
    brand = raw["machine_info"]["cpu"].get("brand_raw", platform.machine())
    versions = {name: version(name) for name in PACKAGES}
    latest.write_text(json.dumps(found, indent=1))
    told = ", ".join(f"{name} {number}" for name, number in versions.items())
    machine = f"{brand}, {cores()} cores; Python {platform.python_version()}, {told}."
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{table(found, machine)}\n{END}{after}")


if __name__ == "__main__":
    main()
