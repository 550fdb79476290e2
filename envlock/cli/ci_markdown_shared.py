"""What several environments have in common in the report of `ci`: one package, upgraded in two hundred of them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from envlock.cli.diff_table import told
from envlock.cli.markdown import fitting, named, row_line, table
from envlock.workflows.ci_report import Outcome, State

_SHOWN = 10
_TITLES = ("In common", "Package", "Before", "After", "Environments")
# what happened, to which package, before, after
Move = tuple[str, str, str, str]


def shared_table(outcomes: Sequence[Outcome], room: int) -> str:
    """The changes that most environments share; "" where none is in two of them."""
    counts = Counter(move for outcome in outcomes for move in _moves(outcome))
    shared = sorted((move for move in counts if counts[move] > 1), key=lambda move: (-counts[move], move))[:_SHOWN]
    rows = [(move[0], *map(named, move[1:]), str(counts[move])) for move in shared]
    rows = rows[: len(fitting([row_line(row) for row in rows], room))]
    return "\n".join(table(_TITLES, rows, right=_TITLES[-1:])) if rows else ""


def _moves(outcome: Outcome) -> Iterable[Move]:
    """Each once, whatever platforms it is on; of what is new or gone everything is."""
    found = outcome.subject.comparison
    if found is None or outcome.subject.state in (State.NEW, State.REMOVED):
        return ()
    return {(what, row.name, row.before, row.after) for row, what in told(found)}
