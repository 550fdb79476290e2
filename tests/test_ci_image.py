"""Images in continuous integration: found by key or made, pushed and tagged, or of a pull request only looked at."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from envlock.errors import AnswerIsNo, EnvlockError, UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.ci_event import Event, Kind
from envlock.model.digest import image_key, image_tag
from envlock.model.image_layers import Came
from envlock.model.reference import parse_reference
from envlock.model.version import At
from envlock.oci.manifest import read_manifest
from envlock.system.cache import Cache
from envlock.workflows.ci import CiOptions
from envlock.workflows.ci_image import image_of
from envlock.workflows.ci_places import place_of, require_own_places
from envlock.workflows.ci_report import CiImage, State, Subject
from envlock.workflows.context import Context
from envlock.workflows.project import Project as Environment
from tests.support.built_projects import GIT, Factory, built, commit, factory, with_empty_cache
from tests.support.processes import run
from tests.support.projects import MINOR, Project
from tests.support.pushing import client
from tests.support.registry_proxy import Fault, RegistryProxy

NAMES = [f"pack{n}" for n in range(4)]
PINNED = [f"{name}==1.0" for name in NAMES]
MAIN = Event(kind=Kind.BRANCH, forge="github", branch="main", is_default=True, origin="Acme/Train")
REQUEST = Event(kind=Kind.PULL_REQUEST, forge="github", branch="new", target="main")
OUTSIDERS = replace(REQUEST, is_trusted=False, has_secrets=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, proxy: RegistryProxy) -> Iterator[Factory]:
    with factory(tmp_path_factory.mktemp("ci"), proxy, NAMES) as ready:
        yield ready


@pytest.fixture(autouse=True)
def counted(proxy: RegistryProxy) -> None:
    proxy.reset()


def key(project: Project) -> str:
    return image_key(read_lock(project.lockfile))


def subject(project: Project, was: str | None = None) -> Subject:
    state = State.SAME if was == key(project) else State.CHANGED
    name = Environment(project.folder).name
    return Subject(name=name, folder="", state=state, project=Environment(project.folder), key=key(project), was=was)


def context(project: Project, *, offline: bool = False) -> Context:
    return Context(cache=Cache(project.cache), environment=project.environment(), offline=offline)


def imaged(project: Project, event: Event = MAIN, *, was: str | None = None, **options: object) -> CiImage:
    how = CiOptions(home=project.cache / "home", **options)  # type: ignore[arg-type]
    return image_of(subject(project, was), event, how, context(project))


def upgraded(project: Project) -> str:
    """The key that it had before one package became another version, which is committed."""
    before = key(project)
    project.change("pack3==1.0", "pack3==2.0")
    project.must("lock")
    commit(project)
    return before


def head(project: Project) -> str:
    return run(("git", "-C", project.folder, "rev-parse", "HEAD")).strip()


def digest_of(image: CiImage, tag: str) -> str | None:
    found = client().find(replace(parse_reference(image.name), tag=tag))
    return found.descriptor.digest if found else None


def what(image: CiImage) -> dict[str, str]:
    return {tag.name: tag.what for tag in image.tags}


def test_of_a_known_image_only_tags_move(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("known", PINNED)
    first = imaged(project)
    one = head(project)
    assert (first.came, first.in_registry, what(first)) == (None, True, {f"sha-{one}": "new", "branch-main": "new"})
    assert first.pushed is not None
    assert first.pushed.layers == len(first.layers)
    assert {layer.came for layer in first.layers} == {Came.MADE}
    elsewhere = with_empty_cache(project, "known-empty")
    proxy.reset()
    again = imaged(elsewhere)
    assert (again.digest, again.came, again.pushed, again.size) == (first.digest, "registry", None, first.size)
    assert what(again) == {f"sha-{one}": "there", "branch-main": "there"}
    repository = "/v2/built/known/manifests"
    assert [(seen.method, seen.path) for seen in proxy.seen] == [
        ("GET", f"{repository}/{image_tag(key(project))}"),
        ("HEAD", f"{repository}/sha-{one}"),
        ("HEAD", f"{repository}/branch-main"),
    ]
    run((*GIT, "-C", project.folder, "commit", "--quiet", "--allow-empty", "--message", "nothing"))
    proxy.reset()
    moved = imaged(elsewhere)
    assert what(moved) == {f"sha-{head(project)}": "new", "branch-main": "there"}
    assert proxy.count("POST") == 0
    assert proxy.count("GET", "/blobs/") == 0
    assert not (elsewhere.cache / "packages").exists()
    # the bill of materials is written all the same, and is what hangs on the image
    bill = json.loads((again.sbom or Path()).read_text())
    assert [part["name"] for part in bill["components"] if part["name"].startswith("pack")] == NAMES
    assert again.sbom == elsewhere.cache / "home" / "sbom" / "known.cdx.json"
    hung = project.call("inspect", first.reference, "--sbom")
    assert hung.stdout == (again.sbom or Path()).read_text(), hung


def test_a_branch_moves_to_another_image_and_back(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("moved", PINNED)
    first = imaged(project)
    was = upgraded(project)
    proxy.reset()
    second = imaged(project, was=was)
    assert what(second) == {f"sha-{head(project)}": "new", "branch-main": "moved"}
    assert second.pushed is not None
    assert second.pushed.layers == 1
    assert (second.before, digest_of(second, "branch-main")) == (first.size, second.digest)
    project.change("pack3==2.0", "pack3==1.0")
    project.must("lock")
    commit(project)
    proxy.reset()
    back = imaged(project)
    assert (back.digest, back.came, what(back)["branch-main"]) == (first.digest, "registry", "moved")
    assert proxy.count("POST") == 0


@pytest.mark.parametrize("branch", ["latest", "lock-3f9a1c22b07d4e18", "LOCK", "sha/1", "Ünï/../x"])
def test_no_branch_overwrites_what_is_not_its_own(made: Factory, branch: str) -> None:
    if not (made.root / "named").exists():
        imaged(made.project("named", PINNED[:1]))
    project = Project(folder=made.root / "named" / "named", cache=made.root / "named-cache")
    project = project.given(NO_PROXY="127.0.0.1")
    image = imaged(project, replace(MAIN, branch=branch, is_default=False), push="true")
    assert [name.partition("-")[0] for name in what(image)] == ["sha", "branch"]
    assert digest_of(image, "latest") is None
    assert digest_of(image, "lock-3f9a1c22b07d4e18") is None
    assert digest_of(image, image_tag(image.key)) == image.digest


def test_a_pull_request_takes_layers_and_writes_nothing(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("request", PINNED)
    before = imaged(project)
    # as a checkout of the last commit alone is
    was = upgraded(project)
    shallow = project.folder.with_name("shallow")
    run(("git", "clone", "--quiet", "--depth=1", f"file://{project.folder}", shallow))
    other = with_empty_cache(replace(project, folder=shallow), "request-empty")
    proxy.reset()
    image = imaged(other, REQUEST, was=was)
    assert {seen.method for seen in proxy.seen} == {"GET"}
    assert proxy.count("GET", "/blobs/") == 2  # the configs of the base and of the image before
    assert [layer.title for layer in image.layers if layer.came is Came.MADE] == ["bin 03: pack3 2.0"]
    assert len([layer for layer in image.layers if layer.came is Came.REUSED]) == len(before.layers) - 1
    assert (image.came, image.in_registry, image.pushed, image.tags) == (None, False, None, ())
    assert image.before == before.size
    manifest = read_manifest((other.cache / "image/blobs/sha256" / image.digest[7:]).read_bytes(), "it")
    assert image.size == sum(layer.size for layer in manifest.layers)
    # and the same image as where nothing is reused
    assert built(with_empty_cache(other, "request-here"), "--no-cache")["digest"] == image.digest
    # what has layers that were only looked at is not taken for known
    again = imaged(other, REQUEST, was=was)
    assert (again.came, again.digest) == (None, image.digest)
    assert Came.MADE not in {layer.came for layer in again.layers}
    imaged(project, was=was)
    found = imaged(other, REQUEST, was=was)
    assert (found.came, found.in_registry, found.size, found.layers) == ("registry", True, image.size, ())


def test_environments_share_layers_wherever_they_go(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("sharing", PINNED)
    imaged(project, repository=f"{proxy.host}/of/{{name}}")
    other = with_empty_cache(made.beside(project, "sharing-too", PINNED[:-1]), "sharing-empty")
    commit(other)
    image = imaged(other, repository=f"{proxy.host}/of/{{name}}")
    assert image.name.startswith(f"{proxy.host}/of/sharing-too:lock-")
    assert {layer.came for layer in image.layers if layer.title != "envlock"} == {Came.REUSED}
    assert image.pushed is not None
    assert image.pushed.layers <= 1


def test_a_pull_request_does_without_its_registry(made: Factory, proxy: RegistryProxy, tmp_path: Path) -> None:
    project = made.project("without", PINNED[:2])
    proxy.fails(Fault(method="GET", path="/built/without/", status=451, times=100))
    image = imaged(project, REQUEST)
    (note,) = image.notes
    assert note.startswith("nothing of the registry is used: ")
    assert "451" in note
    assert {layer.came for layer in image.layers} == {Came.MADE}
    offline = image_of(subject(project), REQUEST, CiOptions(home=tmp_path), context(project, offline=True))
    assert (offline.digest, offline.came, offline.notes) == (image.digest, "cache", ())


def test_a_silent_registry_is_asked_once_in_a_pull_request(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("silent", PINNED[:1])
    other = made.beside(project, "silent-too", PINNED[:1])
    proxy.fails(Fault(method="GET", path="/built/silent", status=503, times=100))
    around, how = context(project), CiOptions(home=project.cache / "home")
    images = [image_of(subject(each), REQUEST, how, around) for each in (project, other)]
    assert [image.notes for image in images] == [images[0].notes] * 2
    assert images[0].notes[0].startswith("nothing of the registry is used: ")
    assert proxy.count("GET", "/built/silent") == 1


def test_two_of_one_name_have_a_bill_of_materials_each(made: Factory) -> None:
    project = made.project("namesake", PINNED[:1])
    other = made.beside(project, "namesake", PINNED[1:2])
    around, how = context(project), CiOptions(home=project.cache / "home")
    subjects = (subject(project), replace(subject(other), folder="namesake"))
    bills = [image_of(each, REQUEST, how, around).sbom or Path() for each in subjects]
    assert [bill.name for bill in bills] == ["namesake.cdx.json", "namesake--259c694d11b5.cdx.json"]
    assert ["pack0" in bill.read_text() for bill in bills] == [True, False]


def test_what_is_not_committed_has_no_tag_of_a_commit(made: Factory) -> None:
    project = made.project("dirty", PINNED[:1])
    project.manifest.write_text(f"{project.manifest.read_text()}# more\n")
    image = imaged(project)
    assert (image.in_registry, image.tags) == (True, ())
    assert image.notes == ("`dirty` is not in git as it is here: no tag of a branch or commit is set",)


def test_several_platforms_are_tagged_as_one(made: Factory) -> None:
    project = made.project("several", PINNED[:2], platforms=("linux-64", "linux-aarch64"))
    image = imaged(project)
    for tag in (*what(image), image_tag(key(project))):
        found = client().get(replace(parse_reference(image.name), tag=tag))
        assert (found.descriptor.digest, b'"manifests"' in found.content) == (image.digest, True)
    parts = [
        read_manifest(client().get(parse_reference(image.name).at(entry["digest"])).content, "part")
        for entry in json.loads(found.content)["manifests"]
    ]
    layers = {layer.digest: layer.size for part in parts for layer in part.layers}
    assert image.size == sum(layers.values())
    assert imaged(with_empty_cache(project, "several-empty")).size == image.size
    assert dict(image.lock_hashes).keys() == {"linux-64", "linux-aarch64"}
    home = project.cache / "home" / "sbom"
    bills = ["linux-aarch64/several.cdx.json", "several.cdx.json"]
    assert sorted(path.relative_to(home).as_posix() for path in home.rglob("*.json")) == bills
    one = imaged(project, platforms=("linux-aarch64", "osx-64"))
    assert dict(one.lock_hashes).keys() == {"linux-aarch64"}
    assert one.digest in {entry["digest"] for entry in json.loads(found.content)["manifests"]}


def registered(project: Project, *words: str) -> Event:
    """The event of a version's tag that is pushed."""
    for name, value in (("user.name", "kim"), ("user.email", "kim@acme.test")):
        run(("git", "-C", project.folder, "config", name, value))
    version = json.loads(project.must("register", "--json", *words))["version"]
    name = Environment(project.folder).name
    return Event(kind=Kind.TAG, forge="github", tag=f"env/{name}/{version}")


def test_a_version_has_its_tag_and_the_digest_it_was_registered_with(made: Factory) -> None:
    project = made.project("version", PINNED[:2])
    first = imaged(project)
    event = registered(project)
    image = imaged(project, event)
    assert (image.digest, what(image)) == (first.digest, {"v1": "new", f"sha-{head(project)}": "there"})
    assert what(imaged(project, event))["v1"] == "there"
    named = imaged(project, registered(project, "--as", "1.0+acme"))
    assert [name for name in what(named) if name.startswith("v")] == ["v1.0-acme--721f82cc3560"]


def test_a_version_of_another_image_is_refused(made: Factory) -> None:
    project = made.project("other", PINNED[:2])
    first = imaged(project)
    event = registered(project)  # now that an image is known here, the tag names it
    stranger = imaged(made.project("stranger", PINNED[2:]))
    found = client().get(parse_reference(stranger.reference))
    reference = parse_reference(first.name)
    assert f"@{first.digest}" in run(("git", "-C", project.folder, "tag", "--list", "--format=%(contents)"))
    with_another = with_empty_cache(project, "other-empty")
    # somebody has put another image under the key, its annotation and all
    forged = found.content.replace(stranger.key.encode(), first.key.encode())
    copied(stranger, first)
    client().put(reference, forged, found.descriptor.media_type)
    with pytest.raises(AnswerIsNo) as caught:
        imaged(with_another, event)
    there = digest_of(first, reference.tag or "")
    assert caught.value.message == f"`{first.name}` is {there}, and the version is registered with {first.digest}"
    assert digest_of(first, "v1") is None
    # where it was made, what was made outranks what somebody has put there
    assert what(imaged(project, event))["v1"] == "new"
    assert digest_of(first, reference.tag or "") == digest_of(first, "v1") == first.digest


def copied(source: CiImage, target: CiImage) -> None:
    """Has the repository of one image know the blobs of another."""
    where, to = parse_reference(source.name), parse_reference(target.name)
    for blob in read_manifest(client().get(where).content, "it").blobs:
        content = client().read(where, blob)
        client().upload(to, blob, partial(iter, (content,)))


def test_secrets_are_kept_from_what_outsiders_bring(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("outside", PINNED[:2])
    login = project.given(ENVLOCK_INDEX_OURS_USERNAME="kim", ENVLOCK_INDEX_OURS_PASSWORD="c4n4ry-of-an-index")
    image = imaged(login, OUTSIDERS, push="true")
    assert (image.in_registry, image.pushed, image.tags) == (False, None, ())
    assert {seen.method for seen in proxy.seen} == {"GET"}
    with pytest.raises(UserInputError, match="the docker engine runs code that the pull request brings") as caught:
        imaged(login, OUTSIDERS, engine="docker")
    assert caught.value.hint == "let the workflow run on `pull_request`, which has none"


def test_two_runs_at_once_push_and_tag_the_same(made: Factory) -> None:
    project = made.project("twice", PINNED)
    runs = [with_empty_cache(project, f"twice-{n}") for n in range(3)]
    with ThreadPoolExecutor(len(runs)) as pool:
        images = [each.result() for each in [pool.submit(one.call, "ci", "--push", "true", "--json") for one in runs]]
    shown = [json.loads(done.stdout)["environments"][0]["image"] for done in images if done.code == 0]
    assert len(shown) == len(runs), images
    assert len({image["digest"] for image in shown}) == 1
    for tag in [tag["name"] for tag in shown[0]["tags"]]:
        found = client().get(replace(parse_reference(shown[0]["name"]), tag=tag))
        assert found.descriptor.digest == shown[0]["digest"]
    assert project.call("verify", shown[0]["reference"]).code == 0


PLACES = [
    ({}, "ghcr.test/team/train", "ghcr.test/team/train"),
    ({}, None, None),
    ({"registry": "ghcr.test"}, None, "ghcr.test/acme/train/train"),
    ({"registry": "https://ghcr.test/v2/"}, None, "ghcr.test/acme/train/train"),
    ({"registry": "ghcr.test"}, "other.test/a", "other.test/a"),
    ({"repository": "ghcr.test/x/{name}"}, "other.test/a", "ghcr.test/x/train"),
    ({"repository": "x/{name}", "registry": "ghcr.test:5000"}, None, "ghcr.test:5000/x/train"),
    ({"repository": "x/{name}", "registry": "https://index.docker.io/v1/"}, None, "docker.io/x/train"),
    ({"repository": "x/{name}"}, None, "x/train"),
    ({"repository": "other.test/x", "registry": "ghcr.test"}, None, "other.test/x"),
    ({"registry": " HTTPS://GHCR.test:5000/ \n"}, None, "ghcr.test:5000/acme/train/train"),
    ({"registry": "[::1]:5000"}, None, "[::1]:5000/acme/train/train"),
]
REFUSED_PLACES = [
    ({"repository": "x/{name}/{branch}"}, "only `{name}` stands for something"),
    ({"repository": "ghcr.test/x:1"}, "images cannot go to `ghcr.test/x:1`: tags are envlock's to set"),
    ({"repository": "ghcr.test/X Y"}, "is not a repository name"),
    ({"repository": "x", "registry": "ghcr"}, "`ghcr` is not the name of a registry"),
    ({"registry": "ghcr.test/team"}, "`ghcr.test/team` is not the name of a registry"),
    ({"registry": "ghcr.test:x"}, "`ghcr.test:x` is not the name of a registry"),
    ({"registry": "https://kim:c4n4ry@ghcr.test"}, "`ghcr.test` is not the name of a registry"),
]


@pytest.mark.parametrize(("given", "stated", "place"), PLACES)
def test_where_images_go(given: dict[str, str], stated: str | None, place: str | None) -> None:
    assert place_of("train", stated, MAIN, CiOptions(**given)) == place  # type: ignore[arg-type]


@pytest.mark.parametrize(("given", "message"), REFUSED_PLACES)
def test_where_no_image_can_go(given: dict[str, str], message: str) -> None:
    with pytest.raises(UserInputError) as caught:
        place_of("train", None, MAIN, CiOptions(**given))  # type: ignore[arg-type]
    assert message in caught.value.message


def test_environments_of_one_place_are_refused_before_anything_is_made(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("alone", PINNED[:1])
    made.beside(project, "beside", PINNED[:1])
    one = subject(project)
    for options, event in (
        (CiOptions(repository="team/all", registry=proxy.host), MAIN),
        (CiOptions(repository=f"{proxy.host}/all"), Event(kind=Kind.TAG, forge="github", tag="env/alone/1")),
    ):
        with pytest.raises(
            UserInputError, match=r"the images of `alone` \(\.\), `beside` \(beside\) go to one"
        ) as caught:
            require_own_places([one], event, options)
        assert "`{name}` in `--repository`" in (caught.value.hint or "")
    for options, event in (
        (CiOptions(repository="team/all"), REQUEST),
        (CiOptions(repository="team/{name}"), MAIN),
        (CiOptions(), MAIN),
    ):
        require_own_places([one], event, options)


SPELT = [
    ("docker.io/team/all", "team/all"),
    ("registry-1.docker.io/team/all", "index.docker.io/team/all"),
    ("ghcr.test/team/all", "GHCR.test:443/team/all"),
    ("docker.io/all", "library/all"),
]


def environments(root: Path, **places: str) -> list[Subject]:
    """Some of a repository, each with its place."""
    run(("git", "init", "--quiet", root))
    for name, place in places.items():
        (root / name).mkdir()
        lines = (f'python = "{MINOR}"', 'platforms = ["linux-64"]', "[image]", f'repository = "{place}"')
        (root / name / "env.toml").write_text("\n".join(lines))
        (root / name / "env.lock").touch()
    return [Subject(name=name, folder=name, state=State.SAME, project=Environment(root / name)) for name in places]


@pytest.mark.parametrize(("one", "two"), SPELT)
def test_a_repository_spelt_otherwise_is_the_same(tmp_path: Path, one: str, two: str) -> None:
    found = environments(tmp_path, one=one, two=two)
    for subjects in (found, found[:1]):
        with pytest.raises(UserInputError, match=r"the images of `one` \(one\), `two` \(two\) go to one repository"):
            require_own_places(subjects, MAIN, CiOptions())


def test_a_version_is_no_neighbour_of_what_is_in_another_folder_since(tmp_path: Path) -> None:
    (now,) = environments(tmp_path, train="ghcr.test/train")
    at = At(version="1", commit="0" * 40)
    then = replace(now, folder="old", project=Environment(tmp_path / "train", at=at, home=tmp_path))
    require_own_places([then], MAIN, CiOptions(version="1"))


def test_an_image_that_goes_nowhere_is_an_error_where_it_is_to_be_pushed(made: Factory) -> None:
    project = made.project("nowhere", PINNED[:1])
    text = project.manifest.read_text()
    project.manifest.write_text("\n".join(line for line in text.splitlines() if "repository" not in line))
    with pytest.raises(EnvlockError, match="nothing says where the image of `nowhere` goes"):
        imaged(project)
    image = imaged(project, REQUEST)
    assert (image.name.startswith("nowhere:lock-"), image.in_registry) == (True, False)
