"""A search for what satisfies all clauses: conflict-driven clause learning over clauses that are made as they matter.

A variable is a number from 1 on; `n` in a clause says "n is true" and `-n` "n is not". What is to be true is decided
in the order of the clauses that need it, and in each the first that can be: so the answer is the preferred one, and
always the same. Nothing is decided to be false. A conflict is resolved with the reasons of what led to it, until it
says which decision it hangs on: that is learned, as one more clause, and the search goes on before that decision.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Clause:
    """One of its literals holds. `says` is what it stands for, None where it was learned, from the clauses `of`.

    `is_need` says that what it needs is to be decided; of two needs, one that is `easy` goes first.
    """

    literals: tuple[int, ...]
    says: object = None
    of: tuple["Clause", ...] = ()
    is_need: bool = False
    easy: bool = False


class Unsatisfiable(Exception):
    """No answer satisfies all clauses: these cannot hold together."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        super().__init__()
        self.clauses = tuple(clauses)


@dataclass(slots=True)
class _Agenda:
    """What is needed by what is true, in order, and how far it was seen to be met."""

    needs: list[Clause] = field(default_factory=list)
    met: int = 0


class Search:
    """`clauses_of` gives what holds once a variable is true: it is asked for each the first time that it is."""

    def __init__(self, clauses_of: Callable[[int], Iterable[Clause]]) -> None:
        self._clauses_of = clauses_of
        self._truth: dict[int, bool] = {}  # of literals, both ways round
        self._level: dict[int, int] = {}  # of variables that have a truth
        self._reason: dict[int, Clause | None] = {}
        self._with: defaultdict[int, list[Clause]] = defaultdict(list)
        self._needs_of: dict[int, list[Clause]] = {}
        self._trail: list[int] = []
        self._seen = 0  # how much of the trail was followed
        self._agendas = (_Agenda(), _Agenda())
        # before each decision: the length of the trail, and of each agenda and how far it was met
        self._marks: list[tuple[int, tuple[tuple[int, int], ...]]] = []

    def add(self, clause: Clause) -> None:
        """One more clause that has to hold; it is looked at as soon as one of its literals turns false."""
        for literal in clause.literals:
            self._with[literal].append(clause)

    def solve(self, roots: Iterable[Clause]) -> list[int]:
        """The variables that are true in the preferred answer; Unsatisfiable where there is none."""
        conflict = self._begin(tuple(roots))
        while True:
            conflict = conflict or self._follow()
            if conflict:
                self._learn(conflict)
                conflict = None
            elif not self._decide():
                return [literal for literal in self._trail if literal > 0]

    def _begin(self, roots: Sequence[Clause]) -> Clause | None:
        for clause in roots:
            self.add(clause)
        self._enter(roots)
        return self._first_conflict(roots)

    def _follow(self) -> Clause | None:
        """Draws all conclusions from what is true; a clause that cannot hold, where they come to that."""
        while self._seen < len(self._trail):
            literal = self._trail[self._seen]
            self._seen += 1
            if literal > 0:
                self._enter(self._needs(literal))
            conflict = self._first_conflict(self._with[-literal])
            if conflict:
                return conflict
        return None

    def _needs(self, variable: int) -> list[Clause]:
        """What a variable needs that is true; the first time, all its clauses are made."""
        if variable not in self._needs_of:
            clauses = tuple(self._clauses_of(variable))
            for clause in clauses:
                self.add(clause)
            self._needs_of[variable] = [clause for clause in clauses if clause.is_need]
        return self._needs_of[variable]

    def _enter(self, needs: Iterable[Clause]) -> None:
        easy, hard = self._agendas
        for clause in needs:
            (easy if clause.easy else hard).needs.append(clause)

    def _first_conflict(self, clauses: Iterable[Clause]) -> Clause | None:
        """Looks at clauses: the only literal that is left has to be true; where none is left, that is a conflict."""
        truth = self._truth
        for clause in clauses:
            left = 0
            for literal in clause.literals:
                known = truth.get(literal)
                if known or (known is None and left):
                    break  # it holds, or may yet
                if known is None:
                    left = literal
            else:
                if not left:
                    return clause
                self._assert(left, clause)
        return None

    def _assert(self, literal: int, reason: Clause | None) -> None:
        self._truth[literal], self._truth[-literal] = True, False
        self._level[abs(literal)] = len(self._marks)
        self._reason[abs(literal)] = reason
        self._trail.append(literal)

    def _decide(self) -> bool:
        """Meets the next need; False where all are met."""
        for agenda in self._agendas:
            while agenda.met < len(agenda.needs):
                literals = agenda.needs[agenda.met].literals
                if not any(map(self._truth.get, literals)):
                    places = tuple((len(every.needs), every.met) for every in self._agendas)
                    self._marks.append((len(self._trail), places))
                    self._assert(next(one for one in literals if one not in self._truth), None)
                    return True
                agenda.met += 1
        return False

    def _learn(self, conflict: Clause) -> None:
        """Goes back to where the conflict would have been seen, had it been known, with what it teaches."""
        if not self._marks:
            raise Unsatisfiable(tuple(_original(self._all_reasons(conflict))))
        learned = self._learned(conflict)
        levels = sorted((self._level[abs(literal)] for literal in learned.literals), reverse=True)
        self._go_back(levels[1] if len(levels) > 1 else 0)
        self.add(learned)
        # all but one of its literals are false, and stay it
        self._assert(next(one for one in learned.literals if one not in self._truth), learned)

    def _learned(self, conflict: Clause) -> Clause:
        """The conflict, resolved with reasons until one literal alone is of the last decision's level."""
        literals, used = set(conflict.literals), [conflict]
        now = len(self._marks)
        for literal in reversed(self._trail):
            if -literal not in literals:
                continue
            reason = self._reason[abs(literal)]
            if not reason or sum(self._level[abs(one)] == now for one in literals) == 1:
                break
            literals = (literals | set(reason.literals)) - {literal, -literal}
            used.append(reason)
        return Clause(tuple(sorted(literals, key=abs)), of=tuple(used))

    def _go_back(self, level: int) -> None:
        length, places = self._marks[level]
        for literal in self._trail[length:]:
            del self._truth[literal], self._truth[-literal], self._level[abs(literal)], self._reason[abs(literal)]
        del self._trail[length:], self._marks[level:]
        self._seen = length
        for agenda, (needs, met) in zip(self._agendas, places, strict=True):
            del agenda.needs[needs:]
            agenda.met = met

    def _all_reasons(self, conflict: Clause) -> Iterator[Clause]:
        """A conflict that hangs on no decision, and all that led to it."""
        yield conflict
        wanted = {abs(literal) for literal in conflict.literals}
        for literal in reversed(self._trail):
            reason = self._reason[abs(literal)]
            if abs(literal) in wanted and reason:
                yield reason
                wanted.update(map(abs, reason.literals))


def _original(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """The clauses that were not learned, from which these were; each once."""
    seen: set[int] = set()
    waiting = list(clauses)[::-1]
    while waiting:
        clause = waiting.pop()
        if id(clause) not in seen:
            seen.add(id(clause))
            waiting.extend(reversed(clause.of))
            if not clause.of:
                yield clause
