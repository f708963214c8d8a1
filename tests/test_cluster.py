import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from napari_gnn_vos.batch import prepare_videos
from napari_gnn_vos.cli import app
from napari_gnn_vos.cluster import LOCAL, LOCAL_CLUSTER, _run_on_worker, map_on_cluster
from napari_gnn_vos.errors import GnnVosError, SettingsError
from napari_gnn_vos.progress import drain
from tests.jobs import (
    kill_itself,
    pause_preparation,
    process,
    torch_threads,
    wait_for,
    wait_until_released,
)
from tests.study.davis_folders import (
    STROKES_ON_TWO,
    davis_folder,
    write_human_scribbles,
)
from tests.videos import same_files, write_videos

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on this machine, and its scheduler in this process."""
    with distributed.LocalCluster(**(LOCAL_CLUSTER | {"n_workers": 2})) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def one_thread():
    """Use one torch thread, as in a worker, for identical rounding."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


def kill_one(folder):
    """Kill a worker that waits within a video, then release the others."""
    wait_for(lambda: any(folder.glob("*.pid")))
    pid = int(next(folder.glob("*.pid")).stem)
    os.kill(pid, signal.SIGKILL)
    (folder / "killed").write_text(str(pid))
    (folder / "go").touch()


def pids(cluster):
    with distributed.Client(cluster) as client:
        return list(client.run(os.getpid).values())


def test_video_of_a_killed_worker_is_prepared_again(cluster, tmp_path):
    videos, gate = write_videos(tmp_path, 3), tmp_path / "gate"
    gate.mkdir()
    before = pids(cluster)
    with distributed.Client(cluster) as client:
        client.run(pause_preparation, str(gate))
    killer, steps = threading.Thread(target=kill_one, args=(gate,)), []
    killer.start()
    on_cluster = prepare_videos(videos, tmp_path / "cluster", cluster.scheduler_address)
    results = drain(on_cluster, steps.append)
    killer.join()
    killed = int((gate / "killed").read_text())
    assert killed in before
    assert killed not in pids(cluster)
    assert [(step.done, step.total) for step in steps] == [(n, 3) for n in range(4)]
    assert drain(prepare_videos(videos, tmp_path / "local")) == results
    for part in (tmp_path / "cluster").glob("*/*.part"):
        part.unlink()  # written by the killed worker
    same_files(tmp_path / "local", tmp_path / "cluster")


def test_failing_video_is_reported_after_the_others(cluster, run, tmp_path):
    (good,), bad = write_videos(tmp_path, 1), tmp_path / "bad.npy"
    bad.write_bytes(b"no array")
    args = "--scheduler", cluster.scheduler_address, "--cache", "cache"
    result = run("prepare", "bad.npy", good.name, *args)
    assert result.exit_code == 2
    assert "bad.npy" in result.output
    assert "Traceback" not in result.output
    assert len(list((tmp_path / "cache").glob("*/graph.json"))) == 1
    assert run("prepare", good.name, *args).exit_code == 0


def test_benchmark_on_a_cluster_gives_the_same_results(cluster, run, tmp_path):
    root = davis_folder(tmp_path / "davis")
    write_human_scribbles(root / "Scribbles", "two", STROKES_ON_TWO)
    scheduler = "--scheduler", cluster.scheduler_address
    args = "benchmark", "--davis", "davis", "--sequences", "one,two", "--rounds", 2
    for name, more in (("local", ()), ("cluster", scheduler)):
        result = run(*args, "--json", f"{name}.json", "--cache", name, *more)
        assert result.exit_code == 0, result.output
    local, remote = (
        json.loads(Path(f"{n}.json").read_text()) for n in ("local", "cluster")
    )
    same = "j", "f", "jf", "ceiling", "sequences", "baselines", "first_strokes"
    for key in (*same, "settings", "model", "seed", "rounds", "protocol"):
        assert local[key] == remote[key], key
    same_files(tmp_path / "local", tmp_path / "cluster")
    assert not Path("cluster.json.partial").exists()


def test_pending_jobs_are_cancelled_on_close(cluster, tmp_path):
    jobs = {str(number): str(tmp_path) for number in range(8)}
    pipeline = map_on_cluster(wait_until_released, jobs, cluster.scheduler_address)
    next(pipeline)
    wait_for(lambda: len(list(tmp_path.glob("*.begun"))) == 2)
    pipeline.close()
    (tmp_path / "go").touch()
    wait_for(lambda: not cluster.scheduler.tasks)
    assert len(list(tmp_path.glob("*.begun"))) == 2


def test_workers_use_one_torch_thread(cluster):
    results = drain(map_on_cluster(torch_threads, {"a": 0}, cluster.scheduler_address))
    assert results == {"a": 1}


def test_local_cluster_is_closed_afterwards():
    received, jobs = {}, dict.fromkeys("abcd")
    results = drain(map_on_cluster(process, jobs, LOCAL, received.__setitem__))
    assert list(results) == list(jobs)
    assert received == results
    for pid in results.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_no_connection_is_made_without_jobs():
    assert drain(map_on_cluster(len, {}, "tcp://nowhere:1")) == {}


def test_unreachable_scheduler_is_reported():
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "100ms"}):
        for address in ("", "tcp://127.0.0.1:1", "nonsense://here"):
            with pytest.raises(SettingsError, match=f"scheduler at '{address}'"):
                drain(map_on_cluster(len, {"a": "a"}, address))


def test_version_mismatch_is_reported():
    with pytest.raises(SettingsError, match=r"a worker has .* and the client 0"):
        _run_on_worker(len, "a", "0")


def test_missing_package_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError, match=r"napari-gnn-vos\[cluster\]"):
        drain(map_on_cluster(len, {"a": "a"}, LOCAL))


def test_job_that_loses_every_worker_is_reported(cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    with pytest.raises(GnnVosError, match=r"a: Every worker .* was lost"):
        drain(map_on_cluster(kill_itself, {"a": 0}, cluster.scheduler_address))
