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
from napari_gnn_vos.cluster import HERE, LOCAL, _done, spread
from napari_gnn_vos.errors import GnnVosError, SettingsError
from napari_gnn_vos.progress import drain
from tests.jobs import begin, hold, kill_itself, process, torch_threads, wait_for
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
    with distributed.LocalCluster(**(HERE | {"n_workers": 2})) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def one_thread():
    """Torch rounds as in a worker."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


def kill_one(folder):
    """Kill a worker that stopped in the middle of a video; let the others go on."""
    wait_for(lambda: any(folder.glob("*.pid")))
    pid = int(next(folder.glob("*.pid")).stem)
    os.kill(pid, signal.SIGKILL)
    (folder / "killed").write_text(str(pid))
    (folder / "go").touch()


def pids(cluster):
    with distributed.Client(cluster) as client:
        return list(client.run(os.getpid).values())


def test_the_video_of_a_worker_that_is_killed_is_prepared_again(cluster, tmp_path):
    videos, gate = write_videos(tmp_path, 3), tmp_path / "gate"
    gate.mkdir()
    before = pids(cluster)
    with distributed.Client(cluster) as client:
        client.run(hold, str(gate))
    killer, steps = threading.Thread(target=kill_one, args=(gate,)), []
    killer.start()
    there = prepare_videos(videos, tmp_path / "there", cluster.scheduler_address)
    found = drain(there, steps.append)
    killer.join()
    killed = int((gate / "killed").read_text())
    assert killed in before
    assert killed not in pids(cluster)
    assert [(at.done, at.total) for at in steps] == [(n, 3) for n in range(4)]
    assert drain(prepare_videos(videos, tmp_path / "here")) == found
    for part in (tmp_path / "there").glob("*/*.part"):
        part.unlink()  # what the killed one was at
    same_files(tmp_path / "here", tmp_path / "there")


def test_a_video_that_fails_is_told_and_the_others_are_prepared(cluster, run, tmp_path):
    (good,), bad = write_videos(tmp_path, 1), tmp_path / "bad.npy"
    bad.write_bytes(b"no array")
    args = "--scheduler", cluster.scheduler_address, "--cache", "cache"
    result = run("prepare", "bad.npy", good.name, *args)
    assert result.exit_code == 2
    assert "bad.npy" in result.output
    assert "Traceback" not in result.output
    assert len(list((tmp_path / "cache").glob("*/graph.json"))) == 1
    assert run("prepare", good.name, *args).exit_code == 0


def test_a_benchmark_on_a_cluster_is_the_one_without(cluster, run, tmp_path):
    root = davis_folder(tmp_path / "davis")
    write_human_scribbles(root / "Scribbles", "two", STROKES_ON_TWO)
    scheduler = "--scheduler", cluster.scheduler_address
    args = "benchmark", "--davis", "davis", "--sequences", "one,two", "--rounds", 2
    for name, more in (("here", ()), ("there", scheduler)):
        result = run(*args, "--json", f"{name}.json", "--cache", name, *more)
        assert result.exit_code == 0, result.output
    one, other = (json.loads(Path(f"{n}.json").read_text()) for n in ("here", "there"))
    same = "j", "f", "jf", "ceiling", "sequences", "baselines", "first_strokes"
    for key in (*same, "settings", "model", "seed", "rounds", "protocol"):
        assert one[key] == other[key], key
    same_files(tmp_path / "here", tmp_path / "there")
    assert not Path("there.json.partial").exists()


def test_what_waits_is_cancelled_when_it_is_stopped(cluster, tmp_path):
    jobs = {str(number): str(tmp_path) for number in range(8)}
    pipeline = spread(begin, jobs, cluster.scheduler_address)
    next(pipeline)
    wait_for(lambda: len(list(tmp_path.glob("*.begun"))) == 2)
    pipeline.close()
    (tmp_path / "go").touch()
    wait_for(lambda: not cluster.scheduler.tasks)
    assert len(list(tmp_path.glob("*.begun"))) == 2


def test_torch_takes_one_core_in_a_worker(cluster):
    found = drain(spread(torch_threads, {"a": 0}, cluster.scheduler_address))
    assert found == {"a": 1}


def test_a_cluster_of_this_machine_comes_and_goes():
    kept, jobs = {}, dict.fromkeys("abcd")
    found = drain(spread(process, jobs, LOCAL, kept.__setitem__))
    assert list(found) == list(jobs)
    assert kept == found
    for pid in found.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_without_jobs_no_scheduler_is_asked():
    assert drain(spread(len, {}, "tcp://nowhere:1")) == {}


def test_a_scheduler_that_is_not_there_is_told():
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "100ms"}):
        for address in ("", "tcp://127.0.0.1:1", "nonsense://here"):
            with pytest.raises(SettingsError, match=f"scheduler at '{address}'"):
                drain(spread(len, {"a": "a"}, address))


def test_another_version_on_a_worker_is_told():
    with pytest.raises(SettingsError, match=r"a worker has .* and the command 0"):
        _done(len, "a", "0")


def test_what_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError, match=r"napari-gnn-vos\[cluster\]"):
        drain(spread(len, {"a": "a"}, LOCAL))


def test_a_job_that_loses_every_worker_is_told(cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    with pytest.raises(GnnVosError, match=r"a: Every worker .* was lost"):
        drain(spread(kill_itself, {"a": 0}, cluster.scheduler_address))
