"""Tags of images: no two branches share one, a version's never moves, and moving one sends no blob."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from envlock.errors import AnswerIsNo, OutsideError
from envlock.model.branch_slug import branch_slug, branch_tag, commit_tag, version_tag
from envlock.model.image import Image
from envlock.model.reference import Reference, parse_reference
from envlock.oci.layout import Layout
from envlock.registry.found import Found
from envlock.registry.tags import MOVED, NEW, THERE, set_tag
from envlock.registry.transfer import push
from tests.support.layered_images import new_layout
from tests.support.pushing import Log, client, random_image
from tests.support.registry import Registry
from tests.support.registry_proxy import Fault, running_proxy

SLUGS = [
    ("main", "main"),
    ("latest", "latest"),
    ("lock-3f9a1c22b07d4e18", "lock-3f9a1c22b07d4e18"),
    ("release-1.x_2", "release-1.x_2"),
    ("feature/Torch", "feature-torch--dbf7c135092c"),
    ("feature/torch", "feature-torch--f69b74d824f1"),
    ("Main", "main--eb814be3ca3b"),
    ("a--b", "a-b--90827a2e5636"),
    ("日本", "--cf2abf0c5be3"),
    ("-x-", "x--c6cf95e52d17"),
    ("a" * 80, "a" * 80),
    ("a" * 81, f"{'a' * 80}--8c48280d57fb"),
    ("$(id)`; rm -rf /\n", "id-rm-rf--ec1699192a26"),
]
VERSIONS = [
    ("3", "v3"),
    ("1.2.0", "v1.2.0"),
    ("RC1", "vRC1"),
    ("1.0+local", "v1.0-local--95a1fe304e74"),
]
# the digits are those of `sha256sum`; names that are alike to people, to files and to what makes slugs
ALIKE = st.text(alphabet="aA0.-_/ é\udcff", max_size=12) | st.text(max_size=100)


@pytest.mark.parametrize(("branch", "slug"), SLUGS)
def test_a_branch_as_a_part_of_a_tag(branch: str, slug: str) -> None:
    assert branch_slug(branch) == slug
    assert branch_tag(branch) == f"branch-{slug}"


@pytest.mark.parametrize(("version", "tag"), VERSIONS)
def test_the_tag_of_a_version(version: str, tag: str) -> None:
    assert version_tag(version) == tag


@given(st.lists(ALIKE, unique=True, max_size=40))
@example(["feature-torch--dbf7c135092c", "feature/Torch", "feature-torch"])
@example(["a" * 80, "a" * 81, "a" * 82, "A" * 80])
def test_no_two_names_share_a_tag_and_each_is_one(names: list[str]) -> None:
    for tag_of in (branch_tag, version_tag):
        tags = [tag_of(name) for name in names]
        assert len(set(tags)) == len(names)
        for tag in tags:
            assert parse_reference(f"registry.test/train:{tag}").tag == tag  # at most 128 characters, and which
            assert not tag.startswith(("lock-", "sha-"))
            assert tag != "latest"


@given(ALIKE)
def test_no_branch_can_be_called_what_stands_for_another(branch: str) -> None:
    slug = branch_slug(branch)
    assert slug == branch or branch_slug(slug) != slug


def pushed(registry: Registry, folder: Path, repository: str, tag: str) -> tuple[Found, Image]:
    """An image of its own, in a repository under a tag."""
    layout = new_layout(folder)
    image = random_image(layout)
    push(client(), image, [parse_reference(f"{registry.host}/{repository}:{tag}")])
    return Found(descriptor=image.manifest, content=Layout(layout.root).read(image.manifest)), image


def reference(registry: Registry, repository: str, tag: str) -> Reference:
    return parse_reference(f"{registry.host}/{repository}:{tag}")


def test_a_tag_moves_without_a_blob_and_is_left_where_it_is_right(registry: Registry, tmp_path: Path) -> None:
    one, _ = pushed(registry, tmp_path / "one", "moved/app", "lock-1")
    other, _ = pushed(registry, tmp_path / "other", "moved/app", "lock-2")
    tag, log = reference(registry, "moved/app", "branch-main"), Log(registry)
    assert [set_tag(client(), found, tag, moves=True) for found in (one, one, other, one)] == [NEW, THERE, MOVED, MOVED]
    asked = [(entry.method, entry.path.rpartition("/")[2]) for entry in log.entries()]
    head, put = ("HEAD", "branch-main"), ("PUT", "branch-main")
    assert asked == [head, put, head, head, put, head, put]
    assert client().get(tag).descriptor == one.descriptor


def test_the_tag_of_a_version_never_moves(registry: Registry, tmp_path: Path) -> None:
    one, _ = pushed(registry, tmp_path / "one", "kept/app", "lock-1")
    other, _ = pushed(registry, tmp_path / "other", "kept/app", "lock-2")
    tag = reference(registry, "kept/app", version_tag("3"))
    assert [set_tag(client(), one, tag, moves=False) for _ in range(2)] == [NEW, THERE]
    with pytest.raises(AnswerIsNo) as caught:
        set_tag(client(), other, tag, moves=False)
    assert caught.value.message == (
        f"`{registry.host}/kept/app:v3` is {one.descriptor.digest},"
        f" and this version's image is {other.descriptor.digest}"
    )
    assert client().get(tag).descriptor == one.descriptor


def test_of_two_at_once_the_earlier_learns_that_its_version_names_another(registry: Registry, tmp_path: Path) -> None:
    one, _ = pushed(registry, tmp_path / "one", "raced/app", "lock-1")
    other, _ = pushed(registry, tmp_path / "other", "raced/app", "lock-2")
    tag = reference(registry, "raced/app", version_tag("3"))
    with running_proxy(registry.host) as proxy:

        def overtaken(_point: int) -> None:
            if proxy.count("PUT", "/manifests/v3"):
                proxy.watch = None
                client().put(tag, other.content, other.descriptor.media_type)

        proxy.watch = overtaken
        with pytest.raises(AnswerIsNo, match=f"`{proxy.host}/raced/app:v3` is {other.descriptor.digest}"):
            set_tag(client(), one, replace(tag, registry=proxy.host), moves=False)


def test_what_a_registry_does_not_tell_is_not_overwritten(registry: Registry, tmp_path: Path) -> None:
    one, _ = pushed(registry, tmp_path / "one", "hidden/app", "lock-1")
    with running_proxy(registry.host) as proxy:
        proxy.fails(Fault(method="HEAD", path="/manifests/", status=403, times=10))
        tag = replace(reference(registry, "hidden/app", version_tag("3")), registry=proxy.host)
        with pytest.raises(OutsideError, match="403"):
            set_tag(client(), one, tag, moves=False)
        assert proxy.count("PUT") == 0


def test_a_registry_that_says_no_digest_is_asked_for_the_manifest(registry: Registry, tmp_path: Path) -> None:
    one, _ = pushed(registry, tmp_path / "one", "mute/app", "lock-1")
    with running_proxy(registry.host) as proxy:
        proxy.fails(Fault(method="HEAD", path="/manifests/", headers={"Docker-Content-Digest": None}, times=10))
        tag = replace(reference(registry, "mute/app", commit_tag("0" * 40)), registry=proxy.host)
        assert [set_tag(client(), one, tag, moves=True) for _ in range(2)] == [NEW, THERE]
        assert [seen.method for seen in proxy.seen] == ["HEAD", "PUT", "HEAD", "GET"]
