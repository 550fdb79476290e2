"""Dockerfiles as environments: what installs becomes packages, what cannot stays a Dockerfile, nothing is dropped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.interchange.docker.dockerfile_file import REST, is_one, read
from envlock.interchange.docker.dockerfile_lines import instructions
from envlock.interchange.source import Source
from envlock.model.imported import Imported
from tests.support.projects import Project, new_project

FILES = {
    "requirements.txt": "flask==3.0.0\nrich\n",
    "limits.txt": "click<9\n",
    "environment.yml": "name: x\nchannels: [conda-forge, bioconda]\ndependencies: [python=3.10, samtools]\n",
    "app.py": "",
    "src/app.py": "",
    "pkg/pyproject.toml": '[project]\nname = "pkg"\nversion = "1"\ndependencies = ["rich"]\n',
    "wheels/tiny-1.0-py3-none-any.whl": "",
}
WHOLE = "Dockerfile"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile; values of the spec by what they are called here; texts that remarks must hold; lines of the
    Dockerfile that remains."""

    text: str
    expected: Mapping[str, object]
    said: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    silent: bool = field(default=False)


def values(found: Imported) -> dict[str, object]:
    """What is not as it is by default."""
    spec, image = found.spec, found.spec.image
    everything: dict[str, object] = {
        "base": image.base,
        "dockerfile": image.dockerfile,
        "suite": image.debian.suite if image.debian else None,
        "debian": image.debian.packages if image.debian else (),
        "python": spec.python,
        "conda": spec.conda.dependencies,
        "channels": spec.conda.channels if spec.conda.channels != ("conda-forge",) else (),
        "pip": spec.pip.dependencies,
        "constraints": spec.pip.constraints,
        "editable": tuple(each.path for each in spec.pip.editable),
        "indexes": tuple(each.url for each in spec.pip.indexes if each.url),
        "variables": dict(spec.variables),
        "labels": dict(image.labels),
        "user": image.user,
        "workdir": image.workdir,
        "entrypoint": image.entrypoint,
        "cmd": image.cmd,
        "copy": image.copy,
        "platforms": spec.platforms if spec.platforms != ("linux-64",) else (),
        "pinned": len(found.pinned),
    }
    return {key: value for key, value in everything.items() if value not in (None, (), {}, 0)}


def row(text: str, *said: str, rest: tuple[str, ...] = (), silent: bool = False, **expected: object) -> Row:
    return Row(text=text, expected=expected, said=said, rest=rest, silent=silent)


SLIM = "python:3.11-slim"
ROWS = {
    "base": row(f"FROM {SLIM}\n", base=SLIM, silent=True),
    "digest": row(f"FROM x.test/y@sha256:{'a' * 64}", base=f"x.test/y@sha256:{'a' * 64}", silent=True),
    "scratch": row("from scratch\n", base="scratch", silent=True),
    "azure": row(
        "FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20240101.v1 AS base",
        base="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20240101.v1",
        silent=True,
    ),
    "platform": row(f"FROM --platform=linux/arm64 {SLIM}", base=SLIM, platforms=("linux-aarch64",), silent=True),
    "a builder's platform": row(f"FROM --platform=$BUILDPLATFORM {SLIM}", "--platform=$BUILDPLATFORM", base=SLIM),
    "arguments": row(
        'ARG V=3.11\nARG N=python\nFROM ${N}:$V-slim\nARG V\nRUN pip install "x==$V" y==$V',
        "the defaults of its arguments",
        "ARG V",
        base=SLIM,
        pip=("x==3.11", "y==3.11"),
    ),
    "an argument without default": row("ARG TAG\nFROM x.test/y:$TAG\nRUN pip install x", "`$TAG`", dockerfile=WHOLE),
    "pip": row(
        f"FROM {SLIM}\nRUN pip install --no-cache-dir flask==3.0.0 'rich>=13' && pip cache purge",
        base=SLIM,
        pip=("flask==3.0.0", "rich>=13"),
        silent=True,
    ),
    "python -m pip": row(
        f"FROM {SLIM}\nRUN python3 -m pip install -qU pip && /usr/local/bin/pip3.11 install a",
        base=SLIM,
        pip=("a", "pip"),
        silent=True,
    ),
    "a shell's text": row(
        f'FROM {SLIM}\nRUN /bin/bash -lc \'source activate x && pip install a\'\nRUN ["sh", "-c", "pip install b"]',
        "source activate x",
        base=SLIM,
        pip=("a", "b"),
    ),
    "a shell's text that does more": row(
        f"FROM {SLIM}\nRUN bash -c 'pip install a; make'",
        "`bash` can do anything",
        dockerfile=REST,
        rest=("RUN bash -c 'pip install a; make'",),
    ),
    "a curated image": row(
        "FROM x.test/openmpi:1\nENV AZUREML_CONDA_ENVIRONMENT_PATH=/azureml-envs/x\nCOPY environment.yml .\n"
        "RUN conda env create -p $AZUREML_CONDA_ENVIRONMENT_PATH -f environment.yml -q && rm environment.yml && "
        "conda run -p $AZUREML_CONDA_ENVIRONMENT_PATH pip cache purge\n"
        "ENV PATH $AZUREML_CONDA_ENVIRONMENT_PATH/bin:$PATH\n"
        "ENV LD_LIBRARY_PATH $AZUREML_CONDA_ENVIRONMENT_PATH/lib:$LD_LIBRARY_PATH\n",
        "ENV PATH: the environment lies in `/opt/env`",
        "ENV LD_LIBRARY_PATH: the environment lies in `/opt/env`",
        "ENV AZUREML_CONDA_ENVIRONMENT_PATH=/azureml-envs/x: the environment lies in `/opt/env`",
        base="x.test/openmpi:1",
        python="3.10",
        conda=("samtools",),
        channels=("conda-forge", "bioconda"),
    ),
    "a virtual environment": row(
        f'FROM {SLIM}\nENV VIRTUAL_ENV=/opt/venv\nENV PATH="$VIRTUAL_ENV/bin:$PATH"\nRUN pip install a',
        "ENV PATH: the environment lies",
        base=SLIM,
        pip=("a",),
    ),
    "a search path of others too": row(
        f"FROM {SLIM}\nENV PATH=/opt/conda/bin:/opt/cuda/bin:$PATH",
        "it stays",
        dockerfile=REST,
        rest=("ENV PATH=/opt/conda/bin:/opt/cuda/bin:$PATH",),
    ),
    "uv": row(f"FROM {SLIM}\nRUN uv pip install --system a b", base=SLIM, pip=("a", "b"), silent=True),
    "uv sync": row(f"FROM {SLIM}\nRUN uv sync", "envlock import uv.lock", dockerfile=REST, rest=("RUN uv sync",)),
    "requirements": row(
        f"FROM {SLIM}\nWORKDIR /app\nCOPY requirements.txt limits.txt ./\n"
        f"RUN pip install -r requirements.txt -c limits.txt",
        base=SLIM,
        workdir="/app",
        pip=("flask==3.0.0", "rich"),
        constraints=("click<9",),
        copy=("./limits.txt", "./requirements.txt"),
        silent=True,
    ),
    "requirements elsewhere": row(
        f"FROM {SLIM}\nCOPY requirements.txt /tmp/r.txt\nRUN pip install -r /tmp/r.txt && rm /tmp/r.txt",
        base=SLIM,
        pip=("flask==3.0.0", "rich"),
        silent=True,
    ),
    "requirements that stay": row(
        f"FROM {SLIM}\nCOPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt",
        "COPY requirements.txt",
        "is not in the image",
        base=SLIM,
        pip=("flask==3.0.0", "rich"),
    ),
    "requirements that are not there": row(
        f"FROM {SLIM}\nCOPY gone.txt .\nRUN pip install -r gone.txt",
        "`gone.txt` is not there",
        dockerfile=WHOLE,
    ),
    "requirements that are not copied": row(
        f"FROM {SLIM}\nRUN pip install -r requirements.txt",
        "`requirements.txt` is not there",
        dockerfile=WHOLE,
    ),
    "an index": row(
        f"FROM {SLIM}\nRUN pip install --extra-index-url https://pip.test/simple a",
        base=SLIM,
        pip=("a",),
        indexes=("https://pip.test/simple",),
        said=(),
    ),
    "options": row(
        f"FROM {SLIM}\nRUN pip install --no-deps --trusted-host x.test a",
        "--no-deps",
        "--trusted-host",
        base=SLIM,
        pip=("a",),
    ),
    "an option that is not known": row(
        f"FROM {SLIM}\nRUN pip install --target /x a",
        "the option `--target`",
        dockerfile=REST,
        rest=("RUN pip install --target /x a",),
    ),
    "a redirection": row(f"FROM {SLIM}\nRUN pip install a>=1.0", "without quotes", base=SLIM, pip=("a",)),
    "editable": row(
        f"FROM {SLIM}\nWORKDIR /srv\nCOPY pkg pkg\nRUN pip install -e pkg",
        base=SLIM,
        workdir="/srv",
        copy=("./pkg",),
        editable=("./pkg",),
        silent=True,
    ),
    "a wheel": row(
        f"FROM {SLIM}\nCOPY wheels /w\nRUN pip install /w/tiny-1.0-py3-none-any.whl",
        "COPY wheels",
        dockerfile=WHOLE,
    ),
    "conda": row(
        "FROM condaforge/miniforge3:24.3.0-0\n"
        "RUN conda install -y -c bioconda python=3.10 'samtools>=1.2' && conda clean -afy",
        base="condaforge/miniforge3:24.3.0-0",
        python="3.10",
        conda=("samtools >=1.2",),
        channels=("bioconda",),
        silent=True,
    ),
    "conda without channels": row(
        "FROM continuumio/miniconda3\nRUN conda install samtools",
        "channels of its own",
        base="continuumio/miniconda3",
        conda=("samtools",),
    ),
    "conda env create": row(
        "FROM mambaorg/micromamba:2.0\nCOPY --chown=$MAMBA_USER environment.yml /tmp/\n"
        "RUN micromamba install -y -n base -f /tmp/environment.yml && micromamba clean --all --yes",
        "belongs to root",
        "is not in the image",
        base="mambaorg/micromamba:2.0",
        python="3.10",
        conda=("samtools",),
        channels=("conda-forge", "bioconda"),
    ),
    "conda's environment": row(
        "FROM x.test/conda\nWORKDIR /a\nADD environment.yml .\nRUN conda env create -n e\n"
        'SHELL ["conda", "run", "-n", "e", "/bin/bash", "-c"]\nRUN pip install a\n'
        "ENV PATH=/opt/conda/envs/e/bin:$PATH CONDA_PREFIX=/x",
        "SHELL",
        "ENV PATH",
        "ENV CONDA_PREFIX",
        base="x.test/conda",
        workdir="/a",
        python="3.10",
        conda=("samtools",),
        channels=("conda-forge", "bioconda"),
        pip=("a",),
        copy=("./environment.yml",),
    ),
    "conda run": row(
        "FROM x.test/c\nRUN conda run -n base python -m pip install a", base="x.test/c", pip=("a",), silent=True
    ),
    "conda's settings": row(
        "FROM x.test/c\nRUN conda config --add channels bioconda && conda config --set ssl_verify no "
        "&& conda update conda && conda install a",
        "conda config --set",
        "conda update conda",
        base="x.test/c",
        channels=("bioconda",),
        conda=("a",),
    ),
    "conda's files": row(
        "FROM x.test/c\nRUN conda create -n x --file list.txt",
        "--file list.txt",
        dockerfile=REST,
        rest=("RUN conda create -n x --file list.txt",),
    ),
    "two environments": row(
        "FROM x.test/c\nRUN conda create -n a x && conda create -n b y",
        "more than one environment",
        dockerfile=WHOLE,
    ),
    "activation": row(
        'FROM x.test/c\nRUN eval "$(conda shell.bash hook)" && conda activate a && pip install b && . /x/activate',
        "is active in the image",
        base="x.test/c",
        pip=("b",),
    ),
    "Debian": row(
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update && apt-get install -yq --no-install-recommends git curl=7.88.1-10 \\\n"
        " && apt-get clean && rm -rf /var/lib/apt/lists/*",
        suite="bookworm",
        debian=("curl (= 7.88.1-10)", "git"),
        silent=True,
    ),
    "Debian with what is recommended": row(
        "FROM debian:12\nRUN apt-get update; apt-get install -y git",
        "recommended packages",
        suite="bookworm",
        debian=("git",),
    ),
    "Debian and more": row(
        "FROM debian:12\nRUN apt-get install -y git && make",
        "`make` can do anything",
        dockerfile=REST,
        rest=("RUN apt-get install -y git \\\n    && make",),
    ),
    "another Debian": row(
        f"FROM {SLIM}\nRUN apt-get update && apt-get install -y git && pip install a",
        "apt-get install -y git",
        dockerfile=REST,
        pip=("a",),
        rest=("RUN apt-get update \\\n    && apt-get install -y git",),
    ),
    "an unknown suite": row("FROM debian:stable\nRUN apt install -y git", "apt install", dockerfile=REST),
    "settings": row(
        f'FROM {SLIM}\nENV A=1 B=\'two words\' C="$A/x"\nENV D all the rest\nLABEL x.y="1" z=2\nUSER 1000:0\n'
        'WORKDIR /srv\nWORKDIR app\nENTRYPOINT ["python", "-m"]\nCMD ["app"]\nMAINTAINER Kim',
        base=SLIM,
        variables={"A": "1", "B": "two words", "C": "1/x", "D": "all the rest"},
        user="1000:0",
        labels={"x.y": "1", "z": "2", "maintainer": "Kim"},
        workdir="/srv/app",
        entrypoint=("python", "-m"),
        cmd=("app",),
        silent=True,
    ),
    "shell form": row(
        f"FROM {SLIM}\nCMD exec python $APP\nENTRYPOINT []",
        base=SLIM,
        cmd=("/bin/sh", "-c", "exec python $APP"),
        entrypoint=None,
        silent=True,
    ),
    "conda in a command": row(
        'FROM x.test/c\nCMD ["conda", "run", "-n", "a", "x"]',
        "no conda is needed",
        base="x.test/c",
        cmd=("conda", "run", "-n", "a", "x"),
    ),
    "a variable of the base": row(
        f"FROM {SLIM}\nENV PYTHONPATH=$PYTHONPATH:/x",
        "ENV PYTHONPATH",
        dockerfile=REST,
        rest=("ENV PYTHONPATH=$PYTHONPATH:/x",),
    ),
    "a path": row(f"FROM {SLIM}\nENV PATH=/usr/local/cuda/bin:$PATH", "ENV PATH", dockerfile=REST),
    "a user's group": row(
        f"FROM {SLIM}\nRUN useradd app\nUSER app:app",
        "useradd app",
        "USER app:app",
        dockerfile=REST,
        rest=("RUN useradd app", "USER app:app"),
    ),
    "a user of the base": row(
        f"FROM {SLIM}\nUSER root\nRUN apt-get install -y git\nWORKDIR /a\nUSER $NB_USER\nWORKDIR $HOME",
        "USER $NB_USER",
        "WORKDIR $HOME",
        dockerfile=REST,
        rest=("USER root\nRUN apt-get install -y git\nWORKDIR /a\nUSER $NB_USER\nWORKDIR $HOME\n",),
    ),
    "ports": row(f"FROM {SLIM}\nEXPOSE 80 443/udp", "EXPOSE 80 443/udp", "docker run -p", base=SLIM),
    "no keys": row(
        f"FROM {SLIM}\nVOLUME /data\nHEALTHCHECK --interval=5s CMD true\nSTOPSIGNAL SIGINT\nONBUILD RUN true",
        "VOLUME /data",
        "HEALTHCHECK",
        "STOPSIGNAL",
        "ONBUILD",
        dockerfile=REST,
        rest=("VOLUME /data", "HEALTHCHECK --interval=5s CMD true", "STOPSIGNAL SIGINT", "ONBUILD RUN true"),
    ),
    "copied": row(
        f'FROM {SLIM}\nWORKDIR /srv\nCOPY src /srv/src\nCOPY ["app.py", "./"]',
        base=SLIM,
        workdir="/srv",
        copy=("./app.py", "./src"),
        silent=True,
    ),
    "all copied": row(f"FROM {SLIM}\nWORKDIR /srv\nADD . .", base=SLIM, workdir="/srv", copy=("./",), silent=True),
    "copied elsewhere": row(
        f"FROM {SLIM}\nCOPY app.py /usr/bin/app",
        "goes to `/usr/bin/app`",
        dockerfile=WHOLE,
    ),
    "a pattern": row(f"FROM {SLIM}\nWORKDIR /a\nCOPY *.py .", "patterns", dockerfile=WHOLE),
    "from the web": row(f"FROM {SLIM}\nADD https://x.test/a.tar /a", "URLs", dockerfile=WHOLE),
    "from another image": row(f"FROM {SLIM}\nCOPY --from=x.test/uv /uv /bin/uv", "build context", dockerfile=WHOLE),
    "a folder's content": row(f"FROM {SLIM}\nWORKDIR /a\nCOPY src .", "COPY src", dockerfile=WHOLE),
    "stages": row(
        "FROM a.test/a AS one\nRUN make\nFROM a.test/b\nCOPY --from=one /x /x", "several stages", dockerfile=WHOLE
    ),
    "run before packages": row(
        f"FROM {SLIM}\nRUN curl -fsSL https://x.test/i.sh | sh\nRUN pip install a",
        "curl",
        dockerfile=REST,
        pip=("a",),
        rest=("RUN curl -fsSL https://x.test/i.sh | sh",),
    ),
    "run after packages": row(
        f"FROM {SLIM}\nRUN pip install a\nRUN a --setup",
        "`a` can do anything",
        "it is run when the image is made",
        dockerfile=WHOLE,
    ),
    "run after files": row(f"FROM {SLIM}\nWORKDIR /a\nCOPY . .\nRUN make", "`make`", dockerfile=WHOLE),
    "control": row(f"FROM {SLIM}\nRUN if [ -e /x ]; then pip install a; fi", "one after the other", dockerfile=REST),
    "a mount": row(
        f"FROM {SLIM}\nRUN --mount=type=cache,target=/c pip install a",
        base=SLIM,
        pip=("a",),
        silent=True,
    ),
    "a secret": row(f"FROM {SLIM}\nRUN --mount=type=secret,id=x pip install a", "RUN pip install a", dockerfile=REST),
    "here-documents": row(
        f"FROM {SLIM}\nRUN <<EOF\nset -e\npip install a\npip install b\nEOF\nRUN <<-'X' python\n\tprint()\n\tX\n",
        "<<-'X' python",
        dockerfile=WHOLE,
    ),
    "a here-document": row(
        f"FROM {SLIM}\nRUN <<EOF\npip install a  # one\nEOF\nUSER 7", base=SLIM, pip=("a",), user="7", silent=True
    ),
    "comments and continuations": row(
        f"# syntax=docker/dockerfile:1\n\n  # x\nFROM {SLIM}\nRUN pip install \\\n    # why\n\n    a \\\n  b",
        base=SLIM,
        pip=("a", "b"),
        silent=True,
    ),
    "another escape": row(f"# escape=`\nFROM {SLIM}\nRUN pip install `\n  a", base=SLIM, pip=("a",), silent=True),
    "exec form": row(f'FROM {SLIM}\nRUN ["pip", "install", "a"]', base=SLIM, pip=("a",), silent=True),
    "no effect": row(f"FROM {SLIM}\nRUN cd /x && export A=1", "ends with its line", base=SLIM),
    "twice": row(f"FROM {SLIM}\nRUN pip install a\nRUN pip install 'a<2'", base=SLIM, pip=("a<2",), silent=True),
}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def imported(text: str, folder: Path) -> Imported:
    return read(Source(path=folder / "Dockerfile", text=text))


@pytest.mark.parametrize("name", ROWS)
def test_a_dockerfile_is_read(name: str, context: Path) -> None:
    expected = ROWS[name]
    found = imported(expected.text, context)
    assert values(found) == {key: value for key, value in expected.expected.items() if value not in (None, ())}
    told = "\n".join(f"{remark.what}: {remark.why}" for remark in found.remarks)
    assert [text for text in expected.said if text not in told] == []
    assert not (expected.silent and told)
    assert [line for line in expected.rest if line not in dict(found.files).get(REST, b"").decode()] == []
    assert (REST in dict(found.files)) == (found.spec.image.dockerfile == REST)


LOGIN = "https://kim:hushhush@x.test"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ARG PASSWORD=hushhush A=1", "ARG PASSWORD: it looks like a secret"),
        ("ARG TOKEN", "ARG TOKEN: it has no default"),
        ("ENV API_TOKEN hushhush", "ENV API_TOKEN: it looks like a secret"),
        ('ENV A=1 SECRET_KEY="hushhush" B=$X', "ENV SECRET_KEY: it looks like a secret"),
        ("ARG TOKEN\nENV A=$TOKEN", "`$TOKEN`"),
        (f"ENV A={LOGIN}/x", "ENV A: it looks like a secret"),
        ("LABEL token=hushhush team=a", "LABEL token: it looks like a secret"),
        (f"RUN curl {LOGIN}/x", "it looks as if it held a secret"),
        ('RUN curl -H "Authorization: Bearer hushhush" https://x.test', "it looks as if it held a secret"),
        (f"RUN make {LOGIN}", "it looks as if it held a secret"),
        ("RUN <<E\nwget --password=hushhush x\nE", "it looks as if it held a secret"),
        (f"RUN pip install --index-url {LOGIN}/simple a", "credentials were taken out"),
        (f"RUN pip install -r {LOGIN}/r.txt", "credentials were taken out"),
        (f"RUN conda env create -f {LOGIN}/e.yml", "is not there to be read"),
        ('CMD ["run", "--token=hushhush"]', "CMD: it looks as if it held a secret"),
        (f"HEALTHCHECK CMD curl {LOGIN}", "it looks as if it held a secret"),
    ],
)
def test_no_secret_is_taken_over(line: str, told: str, context: Path) -> None:
    """Neither written nor said; a Dockerfile that has one where it cannot be taken out stays where it is."""
    found = imported(f"ARG TOKEN=hushhush\nFROM {SLIM}\n{line}\nVOLUME /x\n", context)
    assert "hushhush" not in repr(found)
    assert told in "\n".join(f"{remark.what}: {remark.why}" for remark in found.remarks)


def test_a_variable_that_holds_a_secret_is_none(context: Path) -> None:
    lines = ("RUN git clone https://$TOKEN@x.test/r", 'RUN curl -H "Authorization: Bearer ${TOKEN}" https://x.test')
    found = imported("\n".join((f"FROM {SLIM}", "ARG TOKEN", *lines)), context)
    assert dict(found.files)[REST].decode().splitlines()[-2:] == list(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RUN pip install a\n", "has no FROM"),
        (f"FROM {SLIM}\n\nPIP install a\n", "Dockerfile:3: `PIP` is no instruction of a Dockerfile"),
        ("FROM Bad_Name!\n", "Dockerfile:1: `Bad_Name!` is not a repository name"),
        ("RUN x\nFROM a\n", "Dockerfile:2: `RUN` before FROM"),
        ("FROM a b\n", "Dockerfile:1: expected `FROM IMAGE`"),
        (f"FROM {SLIM}\nRUN <<EOF\npip install a\n", "Dockerfile:2: `<<EOF` has no end"),
        (f"FROM {SLIM}\n\\\n\n", "Dockerfile:2: `\\` is no instruction"),
        (f"FROM {SLIM}\nRUN {'a' * (129 << 10)}\n", "Dockerfile:2: it is longer than 128 KiB"),
    ],
)
def test_what_is_no_dockerfile_is_refused(text: str, message: str, context: Path) -> None:
    with pytest.raises(UserInputError) as error:
        imported(text, context)
    assert message in error.value.message


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Dockerfile", "", True),
        ("gpu.Dockerfile", f"FROM {SLIM}\n", True),
        ("Containerfile", f"# x\nARG A\nFROM {SLIM}\n", True),
        ("Dockerfile", "hello\n", False),
        ("notes.txt", f"FROM {SLIM}\n", False),
    ],
)
def test_it_is_told_by_its_name_and_text(name: str, text: str, expected: bool) -> None:
    assert is_one(Path(name), text) is expected


# an instruction, and whether the spec has what it says
Piece = tuple[str, Callable[[Imported], bool]]
PIECES: tuple[Piece, ...] = (
    ("RUN pip install one==1.0", lambda f: "one==1.0" in f.spec.pip.dependencies),
    ("RUN conda install -c bioconda two=2", lambda f: "two 2.*" in f.spec.conda.dependencies),
    ("RUN pip install three && conda install four", lambda f: "three" in f.spec.pip.dependencies),
    ("RUN apt-get update && apt-get install -y five", lambda _: False),
    ("RUN make six", lambda _: False),
    ("RUN pip install seven || true", lambda _: False),
    ("RUN conda init && conda activate x", lambda _: False),
    ("RUN apt-get clean && rm -rf /var/lib/apt/lists/*", lambda _: True),
    ("ENV EIGHT=8", lambda f: ("EIGHT", "8") in f.spec.variables),
    ("ENV NINE=$NINE:9", lambda _: False),
    ("ARG TEN=10", lambda _: False),
    ("LABEL eleven=11", lambda f: ("eleven", "11") in f.spec.image.labels),
    ("WORKDIR /twelve", lambda f: f.spec.image.workdir == "/twelve"),
    ("USER thirteen", lambda f: f.spec.image.user == "thirteen"),
    ("COPY app.py /twelve/", lambda f: "./app.py" in f.spec.image.copy),
    ("COPY src/app.py /elsewhere", lambda _: False),
    ("CMD fourteen", lambda f: (f.spec.image.cmd or ())[-1:] == ("fourteen",)),
    ('ENTRYPOINT ["fifteen"]', lambda f: f.spec.image.entrypoint == ("fifteen",)),
    ("EXPOSE 16", lambda _: False),
    ("VOLUME /seventeen", lambda _: False),
    ("HEALTHCHECK NONE", lambda _: False),
    ('SHELL ["/bin/bash", "-c"]', lambda _: False),
    ("STOPSIGNAL 18", lambda _: False),
    ("ONBUILD RUN nineteen", lambda _: False),
    ("MAINTAINER twenty", lambda f: ("maintainer", "twenty") in f.spec.image.labels),
)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=9, unique_by=lambda piece: piece[0]))
def test_nothing_is_dropped_silently(pieces: list[Piece], context: Path) -> None:
    """Every instruction is carried over, or named with its line, or stands in the Dockerfile that stays."""
    found = imported("\n".join([f"FROM {SLIM}", *(text for text, _ in pieces)]), context)
    whole = found.spec.image.dockerfile == WHOLE
    assert not whole or found.remarks
    rest = dict(found.files).get(REST, b"").decode()
    named = {remark.line for remark in found.remarks}
    for line, (text, carried) in enumerate(pieces, start=2):
        assert whole or carried(found) or line in named or f"{text}\n" in rest, text


@given(text=st.text(max_size=200) | st.text(alphabet="FROMRUN \\\n\"'$&;|<>#=EOFpipconda{}()`", max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str, context: Path) -> None:
    """Never anything but an error that names the file, and what remains is a Dockerfile again."""
    try:
        found = imported(f"FROM {SLIM}\nRUN {text}\n", context)
    except UserInputError:
        return
    for content in dict(found.files).values():
        assert next(iter(instructions(content.decode()))).word == "FROM"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return new_project(tmp_path / "repository", "", cache=tmp_path / "cache")


def test_the_command_brings_the_rest_along(project: Project) -> None:
    """Beside env.toml, wherever that is, and the Dockerfile itself stays as it is."""
    project.manifest.unlink()
    text = f"FROM {SLIM}\nRUN apt-get update && apt-get install -y git\nRUN pip install flask\nVOLUME /data\n"
    docker = project.folder / "docker" / "Dockerfile"
    docker.parent.mkdir()
    docker.write_text(text)
    result = project.call("import", "docker/Dockerfile", "--to", "envs/train", "--name", "train")
    assert result.code == 0, result.stderr
    assert "docker/Dockerfile:2: `apt-get install -y git`" in result.stderr
    assert docker.read_text() == text
    made = project.folder / "envs" / "train"
    assert 'dockerfile = "base/Dockerfile"' in (made / "env.toml").read_text()
    rest = f"FROM {SLIM}\nRUN apt-get update \\\n    && apt-get install -y git\nVOLUME /data\n"
    assert (made / REST).read_text() == rest


def test_a_whole_dockerfile_stays_where_it_is(project: Project) -> None:
    project.manifest.unlink()
    (project.folder / "Dockerfile").write_text(f"FROM {SLIM}\nRUN pip install flask && make\n")
    result = project.call("import", "Dockerfile", "--to", "envs/train", "--name", "train")
    assert result.code == 0, result.stderr
    assert 'dockerfile = "../../Dockerfile"' in (project.folder / "envs/train/env.toml").read_text()


def test_what_is_put_together_is_bounded(context: Path) -> None:
    """Each value may hold the one before it twice."""
    found = imported(f"FROM {SLIM}\nENV A=xxxxxxxx\n" + "ENV A=$A$A\n" * 60, context)
    assert "longer than 128 KiB" in "\n".join(remark.why for remark in found.remarks)


def test_a_name_that_no_file_has_is_not_there(context: Path) -> None:
    found = imported(f"FROM {SLIM}\nCOPY {'x' * 400} /r.txt\nRUN pip install -r /r.txt\n", context)
    assert found.spec.image.dockerfile == WHOLE


def test_another_base_leaves_no_dockerfile_behind(project: Project) -> None:
    (project.folder / "Dockerfile").write_text(f"FROM {SLIM}\nRUN pip install rich\nVOLUME /data\n")
    result = project.call("import", "Dockerfile", "--to", "made", "--base", "scratch")
    assert (result.code, "--base scratch" in result.stderr) == (0, True), result.stderr
    assert 'base = "scratch"' in (project.folder / "made" / "env.toml").read_text()
    assert not (project.folder / "made" / REST).exists()
