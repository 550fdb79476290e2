"""The same done for several things at a time, most of which wait for the network."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from envlock.system.process import end_all

Item = TypeVar("Item")
Result = TypeVar("Result")

_AT_ONCE = 8
_GRACE = 2.0  # seconds for what is under way to clean up behind itself after Ctrl-C


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], *, stop: Callable[[], None]) -> list[Result]:
    """The results of `work`, in the order of `items`. The first failure ends what has not begun.

    Ctrl-C calls `stop` as well, which is to end what is under way, and ends the programs that were started. What then
    still waits for a silent server is left alone: whatever it does to the cache, it does whole or not at all.
    """
    pool = ThreadPoolExecutor(_AT_ONCE)
    results = [pool.submit(work, item) for item in items]
    try:
        return [result.result() for result in results]
    except BaseException as failure:
        interrupted = not isinstance(failure, Exception)
        if interrupted:
            stop()
            end_all()
        pool.shutdown(wait=not interrupted, cancel_futures=True)
        if interrupted:
            wait(results, timeout=_GRACE)
        raise
    finally:
        pool.shutdown(wait=False)
