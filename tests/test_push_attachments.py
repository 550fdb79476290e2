"""What hangs on an image: listed by the registry, or by a tag where the registry keeps no lists, as Debian's."""

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.digest import canonical_json
from envlock.model.image import INDEX_TYPE, Image
from envlock.model.reference import Reference, parse_reference
from envlock.oci.attachment import Attachment
from envlock.oci.image import digest_of
from envlock.oci.index import read_index
from envlock.oci.layout import Layout
from envlock.registry.transfer import push
from tests.support.layered_images import new_layout
from tests.support.pushing import Log, client, quick_client, random_image
from tests.support.registry import Registry
from tests.support.strict_registry import Answer, Asked, StrictRegistry, strict_registry

LOCK, BILL = "application/vnd.envlock.lock.v1+toml", "application/vnd.cyclonedx+json"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "layout")


@pytest.fixture
def image(layout: Layout) -> Image:
    return random_image(layout)


@pytest.fixture
def served() -> Iterator[StrictRegistry]:
    with strict_registry() as served:
        yield served
        assert served.forbidden == []


def attachment(image: Image, content: str, artifact_type: str = LOCK) -> Attachment:
    return Attachment(
        artifact_type=artifact_type,
        media_type=artifact_type,
        content=content.encode(),
        subject=image.manifest,
        annotations={"dev.envlock.test": content},
    )


def digests(attachments: Sequence[Attachment]) -> set[str]:
    return {digest_of(each.manifest()) for each in attachments}


def listed(reference: Reference, artifact_type: str | None = None) -> set[str]:
    return {entry.descriptor.digest for entry in client().referrers(reference, artifact_type)}


def fallback(image: Image) -> str:
    return image.manifest.digest.replace(":", "-")


def test_the_tag_lists_them_where_the_registry_does_not(registry: Registry, image: Image) -> None:
    target, log = parse_reference(f"{registry.host}/hang/on:1"), Log(registry)
    hung = [attachment(image, "a lock"), attachment(image, "a bill", BILL)]
    pushed = push(client(), image, [target], attachments=hung)
    at = target.at(image.manifest.digest)
    assert listed(at) == digests(hung)
    (entry,) = client().referrers(at, BILL)
    assert (entry.artifact_type, entry.annotations) == (BILL, {"dev.envlock.test": "a bill"})
    found = client().find(at.at(entry.descriptor.digest))
    assert found
    assert found.content == hung[1].manifest()
    manifests = [put.path.rpartition("/")[2] for put in log.of("PUT", "/manifests/")]
    assert manifests[0] == image.manifest.digest
    assert set(manifests[1:-2]) == digests(hung)
    assert manifests[-2:] == [fallback(image), "1"]
    assert pushed.uploaded == 3 + 3  # the documents, and the empty config of both
    assert pushed.layers == 2


def test_pushed_again_nothing_is_sent_that_is_there(registry: Registry, image: Image) -> None:
    target = parse_reference(f"{registry.host}/hang/again:1")
    hung = [attachment(image, "a lock")]
    push(client(), image, [target], attachments=hung)
    log = Log(registry)
    pushed = push(client(), image, [target], attachments=hung)
    assert (pushed.uploaded, pushed.layers) == (0, 0)
    assert log.of("POST") == []
    names = {put.path.rpartition("/")[2] for put in log.of("PUT")}
    assert names == {*digests(hung), "1"}
    assert pushed.uploaded_bytes == image.manifest.size + len(hung[0].manifest())


def test_what_others_hung_there_stays_as_it_is(registry: Registry, image: Image) -> None:
    target = parse_reference(f"{registry.host}/hang/others:1")
    first, second = attachment(image, "first"), attachment(image, "second")
    push(client(), image, [target], attachments=[first])
    tag = parse_reference(f"{registry.host}/hang/others:{fallback(image)}")
    found = client().find(tag)
    assert found
    document = json.loads(found.content)
    document["manifests"][0]["data"] = "e30="
    document["annotations"] = {"test.other": "kept"}
    client().put(tag, canonical_json(document), INDEX_TYPE)
    push(client(), image, [target], attachments=[first, second])
    found = client().find(tag)
    assert found
    assert json.loads(found.content) | {"manifests": None} == document | {"manifests": None}
    assert json.loads(found.content)["manifests"][0] == document["manifests"][0]
    assert listed(tag.at(image.manifest.digest)) == digests([first, second])


def test_two_who_hang_something_there_at_once(registry: Registry, image: Image) -> None:
    target = parse_reference(f"{registry.host}/hang/twice:1")
    push(client(), image, [target])
    each = [[attachment(image, f"{who} {n}") for n in range(2)] for who in ("one", "other")]
    start = threading.Barrier(2)

    def hang(attachments: Sequence[Attachment]) -> None:
        start.wait()
        for one in attachments:
            push(client(), image, [target], attachments=[one])

    threads = [threading.Thread(target=hang, args=(attachments,)) for attachments in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert listed(target.at(image.manifest.digest)) == digests([*each[0], *each[1]])


def test_who_is_undone_by_another_writes_again(served: StrictRegistry, image: Image) -> None:
    """The other had read the tag before we wrote it, and writes it afterwards: the registry does not mind."""
    served.lists = False
    hung, other = attachment(image, "ours"), attachment(image, "theirs")
    target = parse_reference(f"{served.host}/some/app:1")
    push(quick_client(), image, [target], attachments=[other])
    theirs = served.manifests.pop(("some/app", fallback(image)))
    undone: list[Asked] = []

    def undo(asked: Asked) -> Answer | None:
        written = ("some/app", fallback(image)) in served.manifests
        if asked.method == "GET" and fallback(image) in asked.path and written and not undone:
            undone.append(asked)
            served.manifests["some/app", fallback(image)] = theirs
        return None

    served.instead = undo
    push(quick_client(), image, [target], attachments=[hung])
    assert undone
    content = served.manifests["some/app", fallback(image)][1]
    assert {entry.descriptor.digest for entry in read_index(content, "it")} == digests([hung, other])


def test_a_tag_that_others_write_all_the_time_is_given_up(served: StrictRegistry, image: Image) -> None:
    served.lists = False
    target = parse_reference(f"{served.host}/some/app:1")

    def forget(asked: Asked) -> Answer | None:
        if asked.method == "GET" and fallback(image) in asked.path:
            served.manifests.pop(("some/app", fallback(image)), None)
        return None

    served.instead = forget
    with pytest.raises(OutsideError, match="others write it all the time"):
        push(quick_client(), image, [target], attachments=[attachment(image, "ours")])
    assert ("some/app", "1") not in served.manifests


def test_a_registry_that_lists_them_is_asked_page_by_page(served: StrictRegistry, image: Image) -> None:
    target = parse_reference(f"{served.host}/some/app:1")
    hung = [attachment(image, f"{n}", BILL if n % 2 else LOCK) for n in range(7)]
    push(quick_client(), image, [target], attachments=hung)
    at = target.at(image.manifest.digest)
    assert listed(at) == digests(hung)
    assert listed(at, BILL) == digests(hung[1::2])
    assert len(served.sent("GET", "/referrers/")) == 4 + 2
    assert not any(fallback(image) in asked.path for asked in served.asked)


def test_a_registry_that_does_not_filter_is_filtered_here(served: StrictRegistry, image: Image) -> None:
    target = parse_reference(f"{served.host}/some/app:1")
    hung = [attachment(image, "lock"), attachment(image, "bill", BILL)]
    push(quick_client(), image, [target], attachments=hung)
    whole = served.answer(Asked("GET", f"/v2/some/app/referrers/{image.manifest.digest}"), b"", {})
    served.instead = lambda asked: whole if "/referrers/" in asked.path else None
    assert listed(target.at(image.manifest.digest), BILL) == digests(hung[1:])


def test_a_list_without_end_is_left(served: StrictRegistry, image: Image) -> None:
    target = parse_reference(f"{served.host}/some/app:1").at(image.manifest.digest)
    empty = canonical_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []})
    headers = {"Content-Type": INDEX_TYPE, "Link": '<?again>; rel="next"'}
    served.instead = lambda _asked: Answer(status=200, content=empty, headers=headers)
    with pytest.raises(OutsideError, match="has no end"):
        quick_client().referrers(target)


def test_a_list_that_leads_nowhere(served: StrictRegistry, image: Image) -> None:
    target = parse_reference(f"{served.host}/some/app:1").at(image.manifest.digest)
    content = canonical_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []})
    headers = {"Content-Type": INDEX_TYPE, "Link": '<http://[oops>; rel="next"'}
    served.instead = lambda _asked: Answer(status=200, content=content, headers=headers)
    with pytest.raises(OutsideError, match="sends us to what is not an address"):
        quick_client().referrers(target)


def test_all_pages_of_a_list_together_are_bounded(served: StrictRegistry, image: Image) -> None:
    target = parse_reference(f"{served.host}/some/app:1").at(image.manifest.digest)
    long = canonical_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [], "x": "x" * (3 << 20)})
    headers = {"Content-Type": INDEX_TYPE, "Link": '<?again>; rel="next"'}
    served.instead = lambda _asked: Answer(status=200, content=long, headers=headers)
    with pytest.raises(OutsideError, match=r"sends more than the \d+ bytes it should"):
        quick_client().referrers(target)
    assert len(served.asked) == 3


def test_what_is_no_list_is_none(served: StrictRegistry, image: Image) -> None:
    """A page for people in place of the list, and no tag: nothing hangs there."""
    target = parse_reference(f"{served.host}/some/app:1").at(image.manifest.digest)
    page = Answer(status=200, content=b"<html>", headers={"Content-Type": "text/html"})
    served.instead = lambda asked: page if "/referrers/" in asked.path else None
    assert quick_client().referrers(target) == ()


def test_a_tag_that_is_something_else_is_told(served: StrictRegistry, image: Image) -> None:
    served.lists = False
    push(quick_client(), image, [parse_reference(f"{served.host}/some/app:{fallback(image)}")])
    target = parse_reference(f"{served.host}/some/app:1")
    with pytest.raises(OutsideError, match="`manifests` is missing"):
        push(quick_client(), image, [target], attachments=[attachment(image, "ours")])
    assert ("some/app", "1") not in served.manifests
    with pytest.raises(OutsideError, match="`manifests` is missing"):
        quick_client().referrers(target.at(image.manifest.digest))


def test_referrers_are_of_a_digest(served: StrictRegistry) -> None:
    with pytest.raises(ValueError, match="resolve the tag first"):
        client().referrers(parse_reference(f"{served.host}/some/app:1"))
