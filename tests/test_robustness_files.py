"""What every thread of a process shares is not changed in passing."""

import sys
from pathlib import Path

from envlock.system.files import usual_mode
from tests.support.processes import run_here
from tests.support.services import require


def test_the_umask_is_read_without_being_changed(tmp_path: Path) -> None:
    """For the moment of a change, files of other threads would have another mode."""
    log = tmp_path / "strace.log"
    words = (require("strace", "strace"), "-f", "-e", "trace=umask", "-o", log)
    code = "import sys; from pathlib import Path; from envlock.system.files import write_whole\n"
    run_here(*words, sys.executable, "-c", f"{code}write_whole(Path(sys.argv[1]), b'')", tmp_path / "a")
    assert "umask" not in log.read_text()
    assert (tmp_path / "a").stat().st_mode & 0o777 == usual_mode()
