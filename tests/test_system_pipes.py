"""Programs that are spoken with in bytes: their answers, their ends, and what becomes of those that are left."""

import os
import sys

import pytest

from envlock.errors import OutsideError
from envlock.system.pipes import Pipes, run_bytes

ENVIRONMENT = dict(os.environ)
ECHO = (sys.executable, "-c", "import sys\nfor line in sys.stdin.buffer: print(line[::-1]); sys.stdout.flush()")
LOUD = (sys.executable, "-c", "import sys; sys.stderr.write('x' * 300_000); print('done'); sys.exit(3)")


def test_bytes_go_in_and_come_out_as_they_are() -> None:
    every = bytes(range(256)) * 1000
    done = run_bytes(("cat",), environment=ENVIRONMENT, stdin=every)
    assert (done.code, done.stdout, done.stderr) == (0, every, "")


def test_what_it_says_on_stderr_is_text_whatever_it_is() -> None:
    done = run_bytes(("sh", "-c", r"printf '\377!' >&2; exit 5"), environment=ENVIRONMENT)
    assert (done.code, done.stdout, done.stderr) == (5, b"", "\N{REPLACEMENT CHARACTER}!")


def test_only_the_environment_that_is_given() -> None:
    done = run_bytes((sys.executable, "-c", "import os; print(os.environ.get('HOME'))"), environment={"A": "b"})
    assert done.stdout == b"None\n"


def test_a_program_that_is_not_there() -> None:
    for start in (run_bytes, Pipes):
        with pytest.raises(OutsideError, match="`no-such-program` is not there"):
            start(("no-such-program",), environment=ENVIRONMENT)


def test_questions_and_answers_in_turn() -> None:
    with Pipes(ECHO, environment=ENVIRONMENT) as program:
        for word in (b"abc", b"\xff"):
            program.stdin.write(word + b"\n")
            program.stdin.flush()
            assert program.stdout.readline() == repr((word + b"\n")[::-1]).encode() + b"\n"
        assert program.finish() == (0, "")


def test_much_on_stderr_does_not_stop_it() -> None:
    with Pipes(LOUD, environment=ENVIRONMENT) as program:
        assert program.stdout.read() == b"done\n"
        assert program.finish() == (3, "x" * 300_000)


def test_left_early_it_is_ended() -> None:
    # it would wait for ever, and says by which number it is known
    with Pipes(("sh", "-c", "echo $$; exec sleep 1000"), environment=ENVIRONMENT) as program:
        number = int(program.stdout.readline())
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_one_that_has_ended_by_itself_is_no_error_to_leave() -> None:
    with Pipes(("sh", "-c", "exec <&-; echo gone"), environment=ENVIRONMENT) as program:
        assert program.stdout.read() == b"gone\n"
        with pytest.raises(BrokenPipeError):
            program.stdin.write(b"more" * 100_000)  # more than a pipe holds


def test_it_works_in_a_folder(tmp_path: os.PathLike[str]) -> None:
    with Pipes(("pwd",), environment=ENVIRONMENT, folder=str(tmp_path)) as program:
        assert program.stdout.read().decode().strip() == str(tmp_path)
        assert program.finish() == (0, "")
