"""The process that has started this one."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1  # from Linux's prctl.h


def end_with(parent: int) -> None:
    """Has Linux end this process when its parent ends, however that happens: nobody else may write where it writes,
    and the locks that say so are the parent's."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended before that was said
        os._exit(1)
