"""What is taken for left behind in an engine that others use, too."""

from pathlib import Path

from envlock.images.docker_engine.session import OWNER, SESSION, session
from envlock.system.cache import Cache
from tests.support.docker_engine import Engine
from tests.support.engine_traces import left
from tests.support.layered_images import file, tar_of


def owner_of(engine: Engine, cache: Path) -> str:
    with session({"DOCKER_HOST": engine.url}, Cache(cache)) as held:
        return held.owner


def test_only_what_this_cache_left_is_taken_away(tmp_path: Path, docker_engine: Engine) -> None:
    owner = owner_of(docker_engine, tmp_path / "cache")
    assert owner_of(docker_engine, tmp_path / "cache") == owner
    # of another container on this machine, say, where it lies under the same path
    (tmp_path / "cache").rename(tmp_path / "elsewhere")
    assert owner_of(docker_engine, tmp_path / "cache") != owner
    assert owner_of(docker_engine, tmp_path / "elsewhere") == owner


def test_a_token_of_others_names_no_file_here(tmp_path: Path, docker_engine: Engine) -> None:
    owner = owner_of(docker_engine, tmp_path / "cache")
    client = docker_engine.client
    image = client.images.get(client.api.import_image_from_data(tar_of([file("sh")])).partition('"status":"')[2][:71])
    labels = {OWNER: owner, SESSION: "x/../../../outside"}
    container = client.api.create_container(image.id, command=["/sh"], labels=labels)["Id"]
    (tmp_path / "cache" / "locks" / "docker-x").mkdir()
    try:
        owner_of(docker_engine, tmp_path / "cache")
        assert not (tmp_path / "outside.lock").exists()
        assert client.api.inspect_container(container)["Id"] == container
    finally:
        client.api.remove_container(container)
        client.images.remove(str(image.id))
    assert left(docker_engine, but=("-docker",)) == []
