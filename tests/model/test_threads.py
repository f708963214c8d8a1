from concurrent.futures import ThreadPoolExecutor

import torch

from napari_gnn_vos.model.threads import single_threaded_torch


def test_one_thread_here_and_in_threads_that_are_new():
    before = torch.get_num_threads()
    with single_threaded_torch():
        assert torch.get_num_threads() == 1
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == 1
    assert torch.get_num_threads() == before
