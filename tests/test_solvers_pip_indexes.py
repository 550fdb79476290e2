"""A distribution that is bound to an index comes from it and from no other, however the others lure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.model.platform import PLATFORMS, System
from envlock.model.spec import Index
from envlock.solvers.pip_uv import solve
from envlock.solvers.requests import PipAnswer, PipRequest
from tests.support.http_server import Request, Response, serve
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.tiny_sources import write_project, write_sdist
from tests.support.tiny_wheels import write_wheel


@dataclass(frozen=True)
class Two:
    """Ours, to which `acme-*` is bound, and the public one, which has higher versions of the same names."""

    internal: Path
    public: Path
    ours: IndexServer
    theirs: IndexServer
    ran: Path
    request: PipRequest

    def ask(self, *requirements: str, **changes: Any) -> tuple[PipAnswer, ...]:
        return solve(replace(self.request, requirements=requirements, **changes))

    def origins(self, *requirements: str, **changes: Any) -> dict[str, tuple[str, str | None]]:
        return {a.name: (a.version, a.index) for a in self.ask(*requirements, **changes)}

    def refusal(self, *requirements: str, **changes: Any) -> EnvlockError:
        with pytest.raises(EnvlockError) as failure:
            self.ask(*requirements, **changes)
        return failure.value

    @property
    def asked_in_public(self) -> set[str]:
        return {path.split("/")[2] for _, path in self.theirs.requests if path.startswith("/simple/")}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    internal, public, ran = tmp_path / "internal", tmp_path / "public", tmp_path / "ran"
    write_wheel(internal, "acme-core", "1.0")
    write_wheel(internal, "acme-app", "1.0", requires=["acme-core", "popular"])
    write_wheel(public, "popular", "1.0")
    write_wheel(public, "popular-app", "1.0", requires=["acme-core"])
    write_wheel(public, "acme-core", "99.0", requires=["evil"])
    write_wheel(public, "evil", "1.0")
    write_sdist(public, write_project(tmp_path / "evil", "acme-tool", "99.0", ran=ran), "acme-tool", "99.0")
    with serve_index(WheelFolders((internal,))) as ours, serve_index(WheelFolders((public,))) as theirs:
        request = PipRequest(
            requirements=(),
            indexes=(
                Index(name="ours", url=ours.url, packages=("acme-*",)),
                Index(name="theirs", url=theirs.url, default=True),
            ),
            provided={},
            python="3.11.7",
            platform=PLATFORMS["linux-64"],
            system=System(),
            keep=(),
            cache=tmp_path / "cache",
            offline=False,
        )
        yield Two(internal, public, ours, theirs, ran, request)


@pytest.mark.parametrize(
    ("requirements", "found"),
    [
        (["acme-core"], {"acme-core": ("1.0", "ours")}),
        (["ACME.Core>=0.5"], {"acme-core": ("1.0", "ours")}),
        (
            ["acme-app"],
            {"acme-app": ("1.0", "ours"), "acme-core": ("1.0", "ours"), "popular": ("1.0", "theirs")},
        ),
        (["popular-app"], {"popular-app": ("1.0", "theirs"), "acme-core": ("1.0", "ours")}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_what_is_bound_comes_from_its_index_alone(
    two: Two, requirements: list[str], found: dict[str, tuple[str, str]], order: int
) -> None:
    assert two.origins(*requirements, indexes=two.request.indexes[::order]) == found
    assert not {"acme-core", "acme-app", "evil"} & two.asked_in_public


def test_nothing_else_comes_from_an_index_that_is_bound(two: Two) -> None:
    """It may be a mirror of all there is, or have a package of a well-known name."""
    write_wheel(two.internal, "popular", "50.0", requires=["evil"])
    assert two.origins("acme-app") == {
        "acme-app": ("1.0", "ours"),
        "acme-core": ("1.0", "ours"),
        "popular": ("1.0", "theirs"),
    }


def test_nor_where_only_the_other_index_can_answer(two: Two) -> None:
    write_wheel(two.internal, "popular", "0.5")
    assert two.origins("popular>=1", "popular-app") == {
        "acme-core": ("1.0", "ours"),
        "popular": ("1.0", "theirs"),
        "popular-app": ("1.0", "theirs"),
    }


def test_what_only_a_later_round_shows_is_bound_too(two: Two) -> None:
    """Where ours stands apart, names that are bound and come to light then are taken from it all the same."""
    write_wheel(two.internal, "popular", "50.0")
    write_wheel(two.public, "popular", "2.0", requires=["acme-deep"])
    write_wheel(two.public, "acme-deep", "99.0")
    write_wheel(two.internal, "acme-deep", "1.0")
    assert two.origins("popular") == {"popular": ("2.0", "theirs"), "acme-deep": ("1.0", "ours")}


def test_two_indexes_to_which_packages_are_bound(two: Two, tmp_path: Path) -> None:
    write_wheel(tmp_path / "more", "acme-core", "50.0")
    write_wheel(tmp_path / "more", "special", "1.0", requires=["acme-core"])
    write_wheel(two.public, "special", "99.0")
    with serve_index(WheelFolders((tmp_path / "more",))) as more:
        indexes = (Index(name="more", url=more.url, packages=("special",)), *two.request.indexes)
        found = two.origins("special", "popular-app", indexes=indexes)
    assert found == {
        "acme-core": ("1.0", "ours"),
        "popular-app": ("1.0", "theirs"),
        "special": ("1.0", "more"),
    }


@pytest.mark.parametrize("mirror", [False, True])
def test_logins_reach_the_index_that_packages_are_bound_to(two: Two, mirror: bool) -> None:
    """Also where it has more than its packages, and is asked for these alone."""
    if mirror:
        write_wheel(two.internal, "popular", "50.0")
    pages = WheelFolders((two.internal,))

    def guarded(request: Request) -> Response | None:
        if request.headers.get("Authorization") == "Basic bWU6d29yZA==":  # me:word
            return pages.page(request)
        return Response(status=401, headers={"WWW-Authenticate": "Basic"})

    with serve(guarded) as server:
        indexes = (replace(two.request.indexes[0], url=f"{server.url}/simple/"), two.request.indexes[1])
        login = {"UV_INDEX_OURS_USERNAME": "me", "UV_INDEX_OURS_PASSWORD": "word"}
        found = two.origins("popular-app", "popular", indexes=indexes, credentials=login)
    assert found == {
        "acme-core": ("1.0", "ours"),
        "popular": ("1.0", "theirs"),
        "popular-app": ("1.0", "theirs"),
    }


# fails closed

# uv itself would wait and try again
AT_ONCE = {"UV_HTTP_RETRIES": "0"}


@pytest.mark.parametrize("requirement", ["acme-tool", "acme-core>=2", "needs-tool"])
def test_what_its_index_does_not_have_is_taken_from_nowhere_else(two: Two, requirement: str) -> None:
    write_wheel(two.internal, "acme-user", "1.0", requires=["acme-tool"])
    write_wheel(two.public, "needs-tool", "1.0", requires=["acme-tool"])
    refusal = two.refusal(requirement)
    assert isinstance(refusal, UserInputError)
    assert not two.ran.exists()


def test_the_refusal_says_where_it_was_looked_for(two: Two) -> None:
    first, *_ = two.refusal("acme-tool").message.splitlines()
    assert first == (
        "what [pip] asks for cannot be had on linux-64: `acme-tool` comes from index `ours` alone, "
        "which does not have it"
    )
    assert two.refusal("acme-tool").hint == "put it there, or change `packages` of `ours` in [[pip.indexes]]"


@pytest.mark.parametrize("status", [401, 403, 404, 500])
@pytest.mark.parametrize("requirement", ["acme-core", "popular-app"])
def test_an_index_that_fails_is_not_stood_in_for(two: Two, status: int, requirement: str) -> None:
    two.ours.server.overrides["/simple/acme-core/"] = Response(status=HTTPStatus(status))
    refusal = two.refusal(requirement, credentials=AT_ONCE)
    expected = UserInputError if status == HTTPStatus.NOT_FOUND else OutsideError
    assert type(refusal) is expected, refusal
    assert "99.0" not in refusal.message


def test_an_index_that_is_down_is_not_stood_in_for(two: Two) -> None:
    gone = replace(two.request.indexes[0], url="http://127.0.0.1:9/simple/")
    for requirement in ("acme-core", "popular-app"):
        refusal = two.refusal(requirement, indexes=(gone, two.request.indexes[1]), credentials=AT_ONCE)
        assert isinstance(refusal, OutsideError), refusal


def test_nothing_is_built_of_what_is_bound_elsewhere(two: Two, tmp_path: Path) -> None:
    write_sdist(two.internal, write_project(tmp_path / "own", "acme-tool", "1.0"), "acme-tool", "1.0")
    (found,) = two.ask("acme-tool")
    assert (found.version, found.index, found.file, found.builds) == ("1.0", "ours", "acme_tool-1.0.tar.gz", True)
    assert not two.ran.exists()


@pytest.mark.parametrize("mirror", [False, True])
def test_what_building_asks_for_comes_from_no_other_index_either(two: Two, tmp_path: Path, mirror: bool) -> None:
    """What an sdist needs to be built is bound like all else; a public package of its name is never run."""
    luring = {"acme_build.py": f"open({str(two.ran)!r}, 'w').close()\n"}
    write_wheel(two.public, "acme-build", "99.0", files=luring)
    source = write_project(tmp_path / "old", "old-one", build_requires=["acme-build", "popular"])
    (source / "backend.py").write_text(f"import acme_build, popular\n{(source / 'backend.py').read_text()}")
    write_sdist(two.public, source, "old-one")
    if mirror:
        write_wheel(two.internal, "popular", "50.0")
    refusal = two.refusal("old-one", "popular")
    assert "`acme-build` comes from index `ours` alone" in refusal.message
    write_wheel(two.internal, "acme-build", "1.0")
    if mirror:
        two.refusal("old-one", "popular")  # uv could take `acme-build` from there, and `popular` from nowhere else
    else:
        found = two.ask("old-one", "popular")
        assert [(a.name, a.index, a.builds) for a in found] == [
            ("old-one", "theirs", True),
            ("popular", "theirs", False),
        ]
    assert not two.ran.exists()
