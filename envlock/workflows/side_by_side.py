"""The same done for several things at a time, most of which wait for the network."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AT_ONCE = 8


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], *, stop: Callable[[], None]) -> list[Result]:
    """The results of `work`, in the order of `items`. The first failure ends what has not begun.

    Ctrl-C calls `stop` as well, which is to end what is under way.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = [pool.submit(work, item) for item in items]
        try:
            return [result.result() for result in results]
        except BaseException as failure:
            if not isinstance(failure, Exception):
                stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
