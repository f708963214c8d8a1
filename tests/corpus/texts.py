"""JSON files of the corpus: strokes, and scribbles of DAVIS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.corpus.sample import Sample

STROKE = {"frame": 0, "label": 1, "path": [[1, 2], [3, 4]], "connected": True}


def samples() -> Iterator[Sample]:
    """Yield files that `read_strokes` must refuse, except those named ``valid``."""
    yield Sample("valid.json", _text(json.dumps([STROKE] * 5)))
    yield Sample("valid-utf-16.json", lambda p: p.write_text("[]", encoding="utf-16"))
    for name, text in {
        "empty": "",
        "null": "null",
        "number": "3",
        "nested": "[" * 100_000,
        "nested-closed": "[" * 5000 + "]" * 5000,
        "nan": json.dumps([STROKE | {"path": [[float("nan"), 0]]}]),
        "infinite": json.dumps([STROKE | {"path": [[float("inf"), 0]]}]),
        "huge": json.dumps([STROKE | {"path": [[1e308, 0]]}]),
        "long-integer": f'[{{"frame": {"9" * 5000}, "label": 1, "path": [[0, 0]]}}]',
        "negative-frame": json.dumps([STROKE | {"frame": -1}]),
        "late-frame": json.dumps([STROKE | {"frame": 2**31}]),
        "label": json.dumps([STROKE | {"label": 32_768}]),
        "label-text": json.dumps([STROKE | {"label": "one"}]),
        "label-list": json.dumps([STROKE | {"label": [1]}]),
        "points": json.dumps([STROKE | {"path": []}]),
        "triples": json.dumps([STROKE | {"path": [[1, 2, 3]]}]),
        "text-points": json.dumps([STROKE | {"path": "abc"}]),
        "missing": json.dumps([{"frame": 0}]),
        "object": json.dumps(STROKE),
        "cut": json.dumps([STROKE])[:-4],
        "control": "[\x00]",
        "surrogate": '["\\ud800"]',
    }.items():
        yield Sample(f"{name}.json", _text(text))
    yield Sample("binary.json", lambda path: path.write_bytes(bytes(range(256))))


def _text(text: str) -> Any:
    return lambda path: path.write_text(text)
