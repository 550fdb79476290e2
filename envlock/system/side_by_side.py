"""The same done for several things at a time, most of which wait for the network."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import TypeVar

from envlock.system.process import end_all

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 8  # unless something else is asked for
_GRACE = 2.0  # seconds for what is under way to clean up behind itself after Ctrl-C
_LOOK = 0.1  # seconds between two looks at what is under way


def side_by_side(
    work: Callable[[Item], Result], items: Sequence[Item], *, stop: Callable[[], None], at_once: int = AT_ONCE
) -> list[Result]:
    """The results of `work`, in the order of `items`. The first failure ends what has not begun.

    Ctrl-C calls `stop` as well, which is to end what is under way, and ends the programs that were started. What then
    still waits for a silent server is left alone: whatever it does to the cache, it does whole or not at all.
    """
    pool = ThreadPoolExecutor(at_once)
    results = [pool.submit(work, item) for item in items]
    try:
        return [came(result) for result in results]
    except BaseException as failure:
        interrupted = not isinstance(failure, Exception)
        if interrupted:
            stop()
        pool.shutdown(wait=not interrupted, cancel_futures=True)
        if interrupted:
            _end(results)
        raise
    finally:
        pool.shutdown(wait=False)


def came(result: Future[Result]) -> Result:
    """A result, once it is there.

    A signal may be given to a thread that is just being started. The main thread, which alone acts on it, then sleeps
    on: so it looks up now and then.
    """
    while not result.done():
        wait((result,), timeout=_LOOK)
    return result.result()


def _end(results: Sequence[Future[Result]]) -> None:
    """Ends the programs that are waited for, and those that are started in their place, until the grace is over."""
    over = monotonic() + _GRACE
    while True:
        end_all()
        if not wait(results, timeout=_LOOK).not_done or monotonic() > over:
            return
