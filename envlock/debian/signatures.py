"""Who signed a text: OpenPGP's cleartext signatures, as archives put them into `InRelease`. The door to pysequoia."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pysequoia import Cert, verify
from pysequoia.packet import PacketPile, Tag

from envlock.errors import OutsideError, UserInputError
from envlock.system.text_file import display

# Debian's own keys for bookworm and trixie, as the package debian-archive-keyring has them
SHIPPED = Path(__file__).with_name("archive_keys.asc")
# where that package puts them on this machine: with the keys of all suites that are alive, and newer ones
INSTALLED = tuple(Path("/usr/share/keyrings", f"debian-archive-keyring.{end}") for end in ("pgp", "gpg"))
_MOST = 4 << 20  # bytes of a file of keys

_BEGIN, _SIGNATURE, _END = (
    b"-----BEGIN PGP SIGNED MESSAGE-----",
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----END PGP SIGNATURE-----",
)
# nothing but the names of hashes stands between the first line and the signed text
_HEAD = re.compile(rb"(?:Hash: [A-Za-z0-9, -]+\n)*\n")
_UNTOLD = "are the keys too old? newer ones come with debian-archive-keyring, or name the archive's own in `keys`"


class Keyring:
    """Keys that are believed, of one or more files (armored or binary)."""

    def __init__(self, certificates: Iterable[Cert]) -> None:
        self._known: dict[str, Cert] = {}
        for certificate in certificates:
            there = self._known.get(certificate.fingerprint)
            self._known[certificate.fingerprint] = there.merge(certificate) if there else certificate

    def signed_text(self, data: bytes, *, name: str, now: datetime | None) -> bytes:
        """The text that one of these keys signed, and nothing else of `data`; OutsideError with `name` for anything
        that is not one signed text from its first byte to its last.

        A key must have been good when it signed; with `now`, as for an archive that is alive, then as well.
        """
        _require_frame(data, name)
        asked: list[str] = []

        def store(wanted: list[str]) -> list[Cert]:
            asked.extend(wanted)
            return list(self._known.values())

        try:
            found = verify(data, store=store)
        except (RuntimeError, ValueError, OSError) as error:
            raise self._refusal(asked, name, now) from error
        text, signatures = found.bytes, found.valid_sigs
        alive = [s for s in signatures if not _over(self._known[s.certificate], now)]
        if text is None or not alive:
            raise self._refusal(asked, name, now)
        return text

    def _refusal(self, asked: list[str], name: str, now: datetime | None) -> OutsideError:
        """Why no signature counts, in words."""
        if not asked:
            return OutsideError(f"`{name}` cannot be read as a signed text")
        # a signature names its key by fingerprint, or only by the end of it
        named = {key: known for known in self._known.values() for key in _names(known)}
        owners = {owner.fingerprint: owner for key in asked if (owner := named.get(key.lower()))}
        if not owners:
            by = ", ".join(f"`{key.upper()}`" for key in sorted(set(asked)))
            return OutsideError(f"`{name}` is signed by {by}: no key that is believed", hint=_UNTOLD)
        over = [why for owner in owners.values() if (why := _over(owner, now))]
        if len(over) == len(owners):
            return OutsideError(f"`{name}` is signed by a key whose time is over: {'; '.join(over)}", hint=_UNTOLD)
        return OutsideError(
            f"`{name}` is not what was signed: no signature fits it", hint="it was changed on its way, or by its mirror"
        )


def archive_keys(installed: Iterable[Path] = INSTALLED) -> Keyring:
    """Debian's own: those that come with envlock, and this machine's, where they can be read."""
    certificates = Cert.split_bytes(SHIPPED.read_bytes())
    for path in installed:
        with suppress(OSError):
            certificates += _certificates(path)
    return Keyring(certificates)


def keys_of(path: Path) -> Keyring:
    """The keys of a file that env.toml names; UserInputError where there are none in it."""
    shown = display(path)
    try:
        found = _certificates(path)
    except OSError as error:
        raise UserInputError(f"the keys in `{shown}` cannot be read: {error.strerror}") from None
    if not found:
        raise UserInputError(f"`{shown}` holds no OpenPGP keys", hint="`gpg --armor --export KEY` writes such a file")
    return Keyring(found)


def _certificates(path: Path) -> list[Cert]:
    """The keys in a file; none where it holds anything else."""
    with path.open("rb") as file:
        data = file.read(_MOST + 1)
    try:
        return Cert.split_bytes(data) if len(data) <= _MOST else []
    except (RuntimeError, ValueError):
        return []


def _names(certificate: Cert) -> Iterable[str]:
    """What a signature may call the keys of a certificate: fingerprints, and key ids."""
    yield certificate.fingerprint
    with suppress(RuntimeError):  # of a broken key there is no more to be said
        for packet in PacketPile.from_bytes(bytes(certificate)):
            if packet.tag in (Tag.PublicKey, Tag.PublicSubkey):
                yield from (name.lower() for name in (packet.fingerprint, packet.key_id) if name)


def _over(certificate: Cert, now: datetime | None) -> str | None:
    """Why a key counts no more, in words; None where it does, or nothing is asked of today."""
    if now is None:
        return None
    shown = f"`{certificate.fingerprint.upper()}`"
    try:
        end = certificate.expiration
    except RuntimeError:  # as with signatures of its own by SHA-1, which nobody believes any more
        return f"{shown} does not say in a way that counts until when it is good"
    return f"{shown} ended on {end:%Y-%m-%d}" if end and end <= now else None


def _require_frame(data: bytes, name: str) -> None:
    """The library takes the signed part out of whatever stands around it: here there is nothing around it."""
    if _BEGIN not in data:
        raise OutsideError(f"`{name}` is not signed", hint="envlock reads signed `InRelease` files alone")
    begins = data.startswith(_BEGIN + b"\n")
    if begins and _END not in data:
        raise OutsideError(f"`{name}` is cut off: its signature has no end")
    marks = [line for line in data.split(b"\n") if line.startswith(b"-----")]
    whole = begins and data.rstrip(b"\n").endswith(b"\n" + _END) and _HEAD.match(data, len(_BEGIN) + 1)
    if not whole or marks != [_BEGIN, _SIGNATURE, _END]:
        raise OutsideError(
            f"`{name}` holds text that is not signed", hint="it was changed on its way, or by its mirror"
        )
