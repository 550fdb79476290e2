"""The one door to package indexes (PEP 503, 691): where a wheel with a known name and sha256 is now."""

from packaging.utils import canonicalize_name
from pypi_simple import NoSuchProjectError, PyPISimple, UnsupportedContentTypeError, UnsupportedRepoVersionError

from envlock.errors import OutsideError
from envlock.system.http import Http, RequestFailed, checked, unreachable


def find_wheel(http: Http, index_url: str | None, *, name: str, file: str, sha256: str) -> str | None:
    """The URL of a file on an index (None: the default one), yanked or not; None where it is not there."""
    # `endpoint` keeps its default, which the library knows, unless the manifest names another
    client = PyPISimple(session=http.session) if index_url is None else PyPISimple(index_url, session=http.session)
    try:
        page = client.get_project_page(canonicalize_name(name))
    except NoSuchProjectError:
        return None
    except (UnsupportedContentTypeError, UnsupportedRepoVersionError) as error:
        raise OutsideError(f"the index of `{name}` speaks a language that is not understood: {error}") from error
    except RequestFailed as error:
        if error.response is not None:
            checked(error.response)
        raise unreachable(client.endpoint, error) from error
    for package in page.packages:
        # an index may give no digest; then the bytes decide, which are checked in any case
        if package.filename == file and package.digests.get("sha256", sha256) == sha256:
            return package.url.partition("#")[0]
    return None
