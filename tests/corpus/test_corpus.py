"""Unusual files are read exactly or refused; damaged ones raise expected errors."""

import logging
import os

import pytest

from tests.corpus import movies
from tests.corpus.families import CORRECT, FAMILIES, LATE, REFUSED
from tests.corpus.readers import READERS
from tests.corpus.worker import run

DAMAGED_PER_FAMILY = 12
SAMPLES = [
    pytest.param(family, number, id=f"{family}-{sample.name}")
    for family, samples in FAMILIES.items()
    for number, sample in enumerate(samples())
]


@pytest.mark.parametrize(("family", "number"), SAMPLES)
def test_unusual_file_is_read_exactly_or_refused(tmp_path, family, number):
    if family.endswith("zarr") and family != "label-zarr":
        pytest.importorskip("zarr")
    outcome, detail = run(tmp_path, family, number, seed=-1)
    assert outcome in (CORRECT, REFUSED), detail


@pytest.mark.parametrize(
    ("number", "seed"),
    [(2, 335), (8, 267), (10, 417), (12, 123), (17, 646), (18, 55), (26, 174)],
)
def test_concealed_damage_does_not_depend_on_the_order(tmp_path, number, seed, caplog):
    caplog.set_level(logging.CRITICAL)
    outcome, detail = run(tmp_path, "movie", number, seed, limited=False)
    assert outcome == CORRECT, detail


@pytest.mark.parametrize("family", ["tiff", "folder", "npy", "json", *READERS])
def test_damaged_files_raise_expected_errors(tmp_path, family, caplog):
    caplog.set_level(logging.CRITICAL)
    count = len(list(FAMILIES[family]()))
    for seed in range(DAMAGED_PER_FAMILY):
        outcome, detail = run(tmp_path, family, 7 * seed % count, seed, limited=False)
        assert outcome in (CORRECT, REFUSED, LATE), detail


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="only on Linux")
def test_writing_movies_does_not_change_the_scheduling_policy(tmp_path):
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    for sample in movies.samples():
        if sample.name == "av1.mkv":
            sample.write(tmp_path / sample.name)
    assert (os.sched_getscheduler(0), os.sched_getparam(0)) == before
