"""Pieces of a wave: each once, none before what it needs, failures told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.model.wavefront import WavefrontScheduler


@settings(max_examples=30)
@given(
    steps=st.integers(1, 12),
    layers=st.integers(1, 5),
    labels=st.integers(1, 3),
    helpers=st.integers(0, 4),
)
def test_each_piece_is_done_once_after_what_it_needs(steps, layers, labels, helpers):
    begun, done, early, lock = [], set(), [], Lock()

    def do(step, layer, label):
        with lock:
            begun.append((step, layer, label))
            near = range(max(layer - 1, 0), min(layer + 2, layers))
            needed = {(step - 1, other, label) for other in near} if step else set()
            early.extend(needed - done)
        with lock:
            done.add((step, layer, label))

    wave = WavefrontScheduler(range(steps), layers, labels, do)
    with ThreadPoolExecutor(max(helpers, 1)) as pool:
        helped = [pool.submit(wave.help) for _ in range(helpers)]
        for step in range(steps):
            wave.allow(step)
            wave.reach(step)
            assert {(step, layers - 1, label) for label in range(labels)} <= done
            assert max(s for s, _, _ in begun) <= step
        wave.close()
        for one in helped:
            one.result()
    assert not early
    assert len(set(begun)) == len(begun)


@pytest.mark.parametrize("helpers", [0, 2])
def test_what_a_piece_fails_with_is_told_to_the_one_who_asks(helpers):
    def do(step, _layer, _label):
        if step == 3:
            raise KeyError("piece")

    wave = WavefrontScheduler(range(9), 4, 2, do)
    with ThreadPoolExecutor(max(helpers, 1)) as pool:
        helped = [pool.submit(wave.help) for _ in range(helpers)]
        wave.allow(8)
        with pytest.raises(KeyError, match="piece"):
            wave.reach(8)
        for one in helped:
            one.result()


def test_those_who_wait_come_back_when_the_wave_is_closed():
    wave = WavefrontScheduler(range(3), 2, 1, lambda *_: None)
    with ThreadPoolExecutor(1) as pool:
        helped = pool.submit(wave.help)
        assert not helped.done()
        wave.close()
        helped.result(timeout=10)
