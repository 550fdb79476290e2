"""The child that works with py-rattler writes where its parent holds the locks: it must not outlive it."""

import os
import select
import subprocess
import sys
from pathlib import Path

from tests.support.processes import PROJECT, with_variables

# starts the child as `ask` does, but with our pipe as its request, says its process id, and waits
PARENT = """
import os, subprocess, sys
from pathlib import Path
from envlock.system.conda.child import command
words = [*command("install", Path(sys.argv[1])), str(os.getpid())]
child = subprocess.Popen(words, stdin=int(sys.argv[2]))
print(child.pid, flush=True)
child.wait()
"""


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    request, kept_open = os.pipe()  # the child waits for a request that never ends
    try:
        parent = subprocess.Popen(
            (sys.executable, "-c", PARENT, tmp_path / "answer.json", str(request)),
            env=with_variables({"PYTHONPATH": str(PROJECT)}),
            pass_fds=(request,),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        parent.communicate()
        ended, _, _ = select.select([child], [], [], 30)
        assert ended == [child]
        os.close(child)
    finally:
        os.close(request)
        os.close(kept_open)
