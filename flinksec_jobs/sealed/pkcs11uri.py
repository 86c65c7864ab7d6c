# SPDX-License-Identifier: Apache-2.0
"""PKCS#11 URIs (RFC 7512), as far as they name a token, its module, its PIN's file and a key."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from flinksec_jobs.errors import KeyRingError, SecretError
from flinksec_jobs.sealed.token import TokenAddress
from flinksec_jobs.secrets import SecretFile

SCHEME = "pkcs11:"
_FORM = "pkcs11:token=LABEL;object=KEY?module-path=/path/of/module.so&pin-source=file:/path/of/pin"
_PATH = {"token", "slot-id", "object", "type"}
_QUERY = {"module-path", "pin-source"}


def parse(uri: str) -> tuple[TokenAddress, str | None]:
    """Return the token, and the key's label (``object``) if one is named.

    Raises:
        KeyRingError: if it is no such URI, or holds a PIN; the URI is not repeated then.
    """
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    found = dict([*_attributes(path, ";", _PATH), *_attributes(query, "&", _QUERY)])
    lacking = [name for name in ("module-path", "pin-source") if not found.get(name)]
    if lacking or not ("token" in found or "slot-id" in found):
        raise _refused(f"it lacks {lacking[0] if lacking else 'token'}")
    if found.get("type", "secret-key") != "secret-key":
        raise _refused("its type is not secret-key")
    if not found.get("slot-id", "0").isdecimal():
        raise _refused("its slot-id is not a number")
    try:
        pin = SecretFile.parse(found["pin-source"])
    except SecretError:
        raise _refused("its pin-source is not a file") from None
    address = TokenAddress(
        Path(found["module-path"]),
        pin,
        found.get("token"),
        int(found["slot-id"]) if "slot-id" in found else None,
        "pin-source",
    )
    return address, found.get("object")


def _attributes(text: str, separator: str, known: set[str]) -> Iterator[tuple[str, str]]:
    for part in filter(None, text.split(separator)):
        name, _, value = part.partition("=")
        if name == "pin-value":
            raise _refused("it holds the PIN itself, but others can see command lines")
        if name not in known:
            raise _refused("it has an attribute that is not supported")
        yield name, unquote(value)


def _refused(why: str) -> KeyRingError:
    return KeyRingError(f"the PKCS#11 URI cannot be used: {why}", hint=_FORM)
