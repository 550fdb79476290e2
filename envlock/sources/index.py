"""The one door to package indexes (PEP 503, 691): where a wheel with a known name and sha256 is now, and which
wheels there are."""

from datetime import UTC
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pypi_simple import (
    PYPI_SIMPLE_ENDPOINT,
    DistributionPackage,
    NoSuchProjectError,
    ProjectPage,
    PyPISimple,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)

from envlock.errors import OutsideError
from envlock.model.index_file import IndexFile
from envlock.sources.supply import Listed
from envlock.system.http import Http, RequestFailed, checked, unreachable

# the library's own
DEFAULT_URL = PYPI_SIMPLE_ENDPOINT


def find_wheel(http: Http, index_url: str | None, *, name: str, file: str, sha256: str) -> Listed | None:
    """A file as an index (None: the default one) lists it, yanked or not; None where it is not there.

    A `file://` index is a folder with a page for each project (`NAME/index.html`), or one that holds the files.
    """
    if index_url is not None and index_url.startswith("file:"):
        flat = _folder(index_url) / file
        if flat.is_file():
            return Listed(flat.as_uri())
    page = _page(http, index_url, name)
    for package in page.packages if page else ():
        # an index may give no digest; then the bytes decide, which are checked in any case
        if package.filename == file and package.digests.get("sha256", sha256) == sha256:
            return Listed(package.url.partition("#")[0], _yanked(package))
    return None


def wheels_on(http: Http, index_url: str | None, *, name: str, index: str) -> tuple[IndexFile, ...] | None:
    """The wheels of a distribution, as the index `index` describes them; None where it has no such distribution."""
    found = files_on(http, index_url, name=name, index=index)
    return None if found is None else tuple(file for file in found if file.file.endswith(".whl"))


def files_on(http: Http, index_url: str | None, *, name: str, index: str) -> tuple[IndexFile, ...] | None:
    """The same with sdists."""
    page = _page(http, index_url, name)
    if page is None:
        return None
    files = (_file(package, canonicalize_name(name), index) for package in page.packages)
    return tuple(file for file in files if file)


def _page(http: Http, index_url: str | None, name: str) -> ProjectPage | None:
    if index_url is not None and index_url.startswith("file:"):
        return _page_in(_folder(index_url), canonicalize_name(name))
    # `endpoint` keeps its default, which the library knows, unless the manifest names another
    client = PyPISimple(session=http.session) if index_url is None else PyPISimple(index_url, session=http.session)
    try:
        return client.get_project_page(canonicalize_name(name))
    except NoSuchProjectError:
        return None
    except (UnsupportedContentTypeError, UnsupportedRepoVersionError) as error:
        raise OutsideError(f"the index of `{name}` speaks a language that is not understood: {error}") from error
    except RequestFailed as error:
        if error.response is not None:
            checked(error.response)
        raise unreachable(client.endpoint, error) from error


def _page_in(folder: Path, name: str) -> ProjectPage | None:
    page = folder / name / "index.html"
    try:
        return ProjectPage.from_html(name, page.read_bytes(), base_url=page.as_uri())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _folder(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _yanked(package: DistributionPackage) -> str | None:
    return (package.yanked_reason or "") if package.is_yanked else None


def _file(package: DistributionPackage, name: str, index: str) -> IndexFile | None:
    """None for what is neither wheel nor sdist, or has no version that can be read."""
    if package.package_type not in ("wheel", "sdist") or package.version is None:
        return None
    try:
        version = str(Version(package.version))
    except InvalidVersion:
        return None
    return IndexFile(
        name=name,
        version=version,
        file=package.filename,
        url=package.url.partition("#")[0],
        index=index,
        sha256=package.digests.get("sha256"),
        size=package.size,
        uploaded=package.upload_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if package.upload_time else None,
        requires_python=package.requires_python,
        yanked=_yanked(package),
    )
