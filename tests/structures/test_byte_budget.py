from threading import Event, Thread

from napari_gnn_vos.structures.byte_budget import ByteBudget


def test_thread_waits_until_bytes_are_free():
    budget, entered = ByteBudget(10), Event()

    def reserve():
        with budget.reserve(6):
            entered.set()

    with budget.reserve(5):
        thread = Thread(target=reserve)
        thread.start()
        assert not entered.wait(0.1)
    assert entered.wait(5)
    thread.join()


def test_more_than_the_limit_is_available_to_one_thread():
    budget = ByteBudget(10)
    for _ in range(2):
        with budget.reserve(50):
            pass
