"""Pushing to a registry that takes nothing the distribution spec forbids, and does what others rarely do."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.image import Image
from envlock.model.reference import Reference, parse_reference
from envlock.oci.layout import Layout
from envlock.registry.transfer import complete, push
from tests.support.layered_images import add_image, add_layer, file, new_layout
from tests.support.layered_images import push as push_by_skopeo
from tests.support.processes import CommandError
from tests.support.pushing import blobs_of, client, forget, layers_of, quick_client, random_image
from tests.support.strict_registry import Answer, Asked, StrictRegistry, strict_registry

LARGE = 3 << 20  # bytes: several pieces


@pytest.fixture
def served() -> Iterator[StrictRegistry]:
    with strict_registry() as served:
        yield served
        assert served.forbidden == []


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "layout")


@pytest.fixture
def image(layout: Layout) -> Image:
    return random_image(layout)


def at(served: StrictRegistry, name: str = "some/app:1") -> Reference:
    return parse_reference(f"{served.host}/{name}")


def stored(served: StrictRegistry, image: Image, repository: str = "some/app") -> bool:
    layout = Layout(image.layout)
    return all(served.blobs.get((repository, d)) == layout.blob_path(d).read_bytes() for d in blobs_of(image))


def once(*, method: str, word: str, answer: Answer) -> object:
    """Instead of the first such answer, another one."""
    left = [answer]
    return lambda asked: left.pop() if left and asked.method == method and word in asked.path else None


def test_that_registry_is_strict(image: Image) -> None:
    """What it is for: to see chunks, manifests that lack something, and bytes of another digest."""
    with strict_registry() as served:
        target, layout = at(served), Layout(image.layout)
        with pytest.raises(CommandError, match="PATCH"):  # skopeo sends in chunks
            push_by_skopeo(layout, image.manifest, served, "some/app:1")
        assert "a body in chunks" in served.forbidden
        served.forbidden.clear()
        with pytest.raises(OutsideError, match="400"):
            quick_client().put(target, layout.read(image.manifest), image.manifest.media_type)
        layer = layers_of(image)[0]
        with pytest.raises(OutsideError, match="400"):
            quick_client().upload(target, layer, lambda: iter((bytes(layer.size),)))
        assert len(served.forbidden) == 2
        assert served.manifests == {}
        assert served.blobs == {}


def test_what_is_sent_is_what_the_spec_allows(served: StrictRegistry, image: Image) -> None:
    pushed = push(quick_client(), image, [at(served)])
    assert stored(served, image)
    assert served.manifests["some/app", "1"][1] == Layout(image.layout).read(image.manifest)
    assert sum(asked.size for asked in served.asked) == pushed.uploaded_bytes
    assert all(asked.size for asked in served.sent("PUT", ""))
    assert [asked.size for asked in served.sent("POST", "")] == [0, 0, 0]


def test_a_registry_without_mounts_is_sent_the_bytes(served: StrictRegistry, image: Image) -> None:
    """Some begin an upload instead, some say that there is no such thing."""
    push(quick_client(), image, [at(served, "some/base:1")])
    layer = layers_of(image)[0].digest
    mounted = replace(image, elsewhere={layer: at(served, "some/base:1")})
    served.mounts = False
    assert push(quick_client(), mounted, [at(served, "some/begun:1")]).mounted == 0
    assert stored(served, image, "some/begun")
    for status in (400, 403, 405, 500):
        answer = Answer(status=status)
        served.instead = lambda asked, answer=answer: answer if "mount=" in asked.path else None  # type: ignore[misc]
        assert push(quick_client(), mounted, [at(served, f"some/none{status}:1")]).mounted == 0
        assert stored(served, image, f"some/none{status}")
    served.mounts, served.instead = True, lambda _asked: None
    assert push(quick_client(), mounted, [at(served, "some/mounted:1")]).mounted == 1


def test_bytes_are_passed_on_where_a_neighbour_s_cannot_be_taken_over(served: StrictRegistry, image: Image) -> None:
    push(quick_client(), image, [at(served, "some/base:1")])
    layers = [layer.digest for layer in layers_of(image)]
    kept = {digest: Layout(image.layout).blob_path(digest).read_bytes() for digest in layers}
    forget(image, *layers)
    served.mounts = False
    push(quick_client(), replace(image, elsewhere=dict.fromkeys(layers, at(served, "some/base:1"))), [at(served)])
    assert {digest: served.blobs["some/app", digest] for digest in layers} == kept


@pytest.mark.parametrize("status", [429, 503])
def test_an_upload_that_fails_is_begun_anew(served: StrictRegistry, image: Image, status: int) -> None:
    """What a session has taken by then nobody knows: so a new one is asked for, and all is sent again."""
    served.instead = once(method="PUT", word="/blobs/", answer=Answer(status=status))  # type: ignore[assignment]
    pushed = push(quick_client(), image, [at(served)])
    assert stored(served, image)
    assert len(served.sent("POST", "")) == 4
    assert len(served.sessions) == 1
    assert sum(asked.size for asked in served.asked) == pushed.uploaded_bytes


def test_an_answer_that_is_lost_costs_no_second_upload(served: StrictRegistry, layout: Layout) -> None:
    image = random_image(layout, (LARGE,))
    lost: list[Asked] = []

    def lose(asked: Asked) -> Answer | None:
        if asked.method == "PUT" and asked.size > LARGE and not lost:
            lost.append(asked)
            served.blobs["some/app", layers_of(image)[0].digest] = layout.blob_path(
                layers_of(image)[0].digest
            ).read_bytes()
            return Answer(status=504)
        return None

    served.instead = lose
    push(quick_client(), image, [at(served)])
    assert len([asked for asked in served.sent("PUT", "") if asked.size > LARGE]) == 1
    assert stored(served, image)


@pytest.mark.parametrize("word", ["/blobs/uploads/session", "/manifests/"])
def test_a_registry_that_says_it_stored_something_else(served: StrictRegistry, image: Image, word: str) -> None:
    other = f"sha256:{'1' * 64}"
    answer = Answer(status=201, headers={"Docker-Content-Digest": other})
    served.instead = lambda asked: answer if asked.method == "PUT" and word in asked.path else None
    with pytest.raises(OutsideError, match=f"has stored `{other}`, and was sent `sha256:"):
        push(quick_client(), image, [at(served)])
    assert ("some/app", "1") not in served.manifests


def test_a_first_failure_ends_the_others(served: StrictRegistry, layout: Layout) -> None:
    image = random_image(layout, [LARGE] * 12)
    refused = Answer(status=403, content=b'{"errors": [{"code": "DENIED", "message": "the quota is used up"}]}')
    served.instead = lambda asked: refused if asked.method == "POST" else None
    with pytest.raises(OutsideError, match="the quota is used up"):
        push(quick_client(), image, [at(served)])
    assert len(served.sent("POST", "")) < 13
    assert served.manifests == {}


def test_a_first_failure_ends_those_that_wait_for_their_next_try(served: StrictRegistry, layout: Layout) -> None:
    image = random_image(layout, [LARGE] * 2)
    answers = [Answer(status=429, headers={"Retry-After": "50"})]
    refused = Answer(status=403)
    served.instead = lambda asked: (answers.pop() if answers else refused) if asked.method == "POST" else None
    with pytest.raises(OutsideError, match="refuses to take"):
        push(client(), image, [at(served)])
    assert len(served.sent("POST", "")) <= len(blobs_of(image))


def test_the_words_that_say_why_are_those_of_the_upload(served: StrictRegistry, image: Image) -> None:
    """Not those of a look that nobody asked for, to which a HEAD gives no words at all."""
    words = b'{"errors": [{"code": "X", "message": "the disk is full"}]}'
    begun: list[str] = []

    def instead(asked: Asked) -> Answer | None:
        if asked.method == "POST":
            begun.append(asked.path)
        if asked.method == "PUT" and "/uploads/" in asked.path:
            return Answer(status=500, content=words)
        return Answer(status=500) if asked.method == "HEAD" and "/blobs/" in asked.path and begun else None

    served.instead = instead
    with pytest.raises(OutsideError, match="the disk is full"):
        push(quick_client(), image, [at(served)])


def test_where_the_registry_will_not_say_it_is_sent(served: StrictRegistry, image: Image) -> None:
    served.instead = lambda asked: Answer(status=403) if asked.method == "HEAD" else None
    push(quick_client(), image, [at(served)])
    assert stored(served, image)
    assert served.manifests.keys() >= {("some/app", "1")}


def test_what_is_refused_may_be_unknown(served: StrictRegistry) -> None:
    answers = [Answer(status=status) for status in (401, 403, 404, 418)]
    served.instead = lambda _asked: answers.pop(0)
    for _ in range(3):
        assert quick_client().find(at(served)) is None
    with pytest.raises(OutsideError, match="418"):
        quick_client().find(at(served))


@pytest.fixture
def large(served: StrictRegistry, layout: Layout) -> Image:
    """An image of one large layer that is only in the registry."""
    image = random_image(layout, (LARGE,))
    push(quick_client(), image, [at(served)])
    layer = layers_of(image)[0].digest
    forget(image, layer)
    served.asked.clear()
    return replace(image, elsewhere={layer: at(served)})


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_breaks_off_goes_on_where_it_was(served: StrictRegistry, large: Image, *, ranges: bool) -> None:
    """As far as the server knows ranges: what others send again is not taken again."""
    layer = layers_of(large)[0]
    served.ranges = ranges
    served.breaks[layer.digest] = [1 << 20, 1 << 20] if ranges else [1 << 20, 2 << 20]
    seen: list[int] = []
    complete(quick_client(), large, lambda _what, done, _of: seen.append(done))
    assert Layout(large.layout).blob_path(layer.digest).read_bytes() == served.blobs["some/app", layer.digest]
    assert len(served.sent("GET", layer.digest)) == 3
    assert seen == sorted(seen)
    assert seen[-1] == layer.size


def test_a_download_that_goes_on_breaking_off_ends(served: StrictRegistry, large: Image) -> None:
    layer = layers_of(large)[0].digest
    served.breaks[layer] = [1000] * 9
    with pytest.raises(OutsideError, match="broke off before its end"):
        complete(quick_client(), large)
    assert len(served.sent("GET", layer)) == 3
    assert not Layout(large.layout).has(layer)


@pytest.mark.parametrize("told", ["bytes 0-99/100", "", "bytes 1048577-"])
def test_a_part_that_nobody_asked_for_is_refused(served: StrictRegistry, large: Image, told: str) -> None:
    layer = layers_of(large)[0].digest
    served.breaks[layer] = [1 << 20]
    part = Answer(status=206, content=os.urandom(100), headers={"Content-Range": told})
    served.instead = lambda asked: part if len(served.sent("GET", asked.path)) > 1 else None
    with pytest.raises(OutsideError, match="another part of a blob than it was asked for"):
        complete(quick_client(), large)
    assert not Layout(large.layout).has(layer)


def test_an_upload_place_on_another_host_is_followed(served: StrictRegistry, image: Image) -> None:
    """Relative or absolute, with a query or without: what a registry gives is used as it is."""

    def absolute(asked: Asked) -> Answer | None:
        if asked.method != "POST":
            return None
        place = served.new_session("some/app")
        return Answer(status=202, headers={"Location": f"http://localhost:{served.port}{place}"})

    served.instead = absolute
    push(quick_client(), image, [at(served)])
    assert stored(served, image)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "does not say where the upload goes on"),
        ({"Location": "http://registry.test/upload"}, "that would not be encrypted"),
        ({"Location": "ftp://registry.test/upload"}, "that is not an address"),
    ],
)
def test_an_upload_place_that_is_none(
    served: StrictRegistry, image: Image, headers: dict[str, str], message: str
) -> None:
    served.instead = lambda asked: Answer(status=202, headers=headers) if asked.method == "POST" else None
    with pytest.raises(OutsideError, match=message):
        push(quick_client(), image, [at(served)])
    assert served.manifests == {}


def test_a_layer_twice_in_an_image_is_sent_once(served: StrictRegistry, layout: Layout) -> None:
    layer = add_layer(layout, file("twice", b"twice"))
    image = Image(layout=layout.root, manifest=add_image(layout, [layer, layer]))
    assert push(quick_client(), image, [at(served)]).uploaded == 2
    assert len(served.sent("POST", "")) == 2


def test_whether_we_may_write_is_known_beforehand(served: StrictRegistry) -> None:
    quick_client().require_writable(at(served))
    assert [asked.method for asked in served.asked] == ["POST", "DELETE"]
    assert served.sessions == set()
    served.instead = lambda asked: Answer(status=405) if asked.method == "DELETE" else None
    quick_client().require_writable(at(served))
    served.instead = lambda _asked: Answer(status=403)
    with pytest.raises(OutsideError, match="refuses to take"):
        quick_client().require_writable(at(served))
