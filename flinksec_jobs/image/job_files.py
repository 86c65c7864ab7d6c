# SPDX-License-Identifier: Apache-2.0
"""The job's own files on their way into an image, which everyone who has the image can read.

Keys, keytabs, stores, tickets, key rings, files of credentials and private files are refused by
name: a secret is mounted where the job runs, and no later layer of an image removes one. So are
links, as what they lead to was not named, and may be anywhere.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from flinksec_jobs.errors import ImageError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import open_regular, unreadable

_LEFT_OUT = {"__pycache__", ".git"}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KEY_BYTES = 32
_CHUNK = 1 << 20
_LARGEST = 8 << 30
_OVERLAP = 4096
# A DER key is no larger; what begins like one and is, is something else.
_LARGEST_KEY = 1 << 16

# With a body: a program may well look for the first line.
_PEM_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\\r|\\n|\s|[\w-]{1,40}: [^\r\n]{0,200}[\r\n])+[A-Za-z0-9+/=]{16}"
)
_PUTTY_KEY = b"PuTTY-User-Key-File-"
_SECRET_MANIFEST = re.compile(rb"(?m)^[\"']?kind[\"']?:[ \t]*[\"']?Secret[\"']?[ \t]*\r?$")
# In a list, or in JSON: what has data too is no mere reference to a Secret.
_SECRET_INSIDE = re.compile(
    rb"(?m)^[ \t-]*kind:[ \t]*[\"']?Secret[\"']?[ \t]*\r?$|\"kind\"\s*:\s*\"Secret\""
)
_SECRET_DATA = re.compile(rb"(?m)^[ \t-]*(?:stringData|data):|\"(?:stringData|data)\"\s*:")
# The first line of a PEM file in base64, as kubeconfigs and Secrets have it.
_PEM_IN_BASE64 = tuple(
    base64.b64encode(f"-----BEGIN {kind}PRIVATE KEY-".encode())[:-4]
    for kind in ("", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH ")
)
_AGE_KEY = re.compile(rb"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20}")
_JWK = re.compile(rb"\"kty\"\s*:"), re.compile(rb"\"[dk]\"\s*:\s*\"[\w-]{16}")
_AWS_KEY = re.compile(rb"\bA(?:KIA|SIA)[0-9A-Z]{16}\b")
_BEGINNINGS = (
    (re.compile(rb"\x05[\x01\x02]\x00"), "a keytab"),
    (re.compile(rb"\x05[\x03\x04]"), "a cache of Kerberos tickets"),
    (re.compile(rb"\xfe\xed\xfe\xed|\xce\xce\xce\xce"), "a key store of Java"),
    (
        re.compile(rb"0(?:\x80|[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)\x02\x01\x030", re.DOTALL),
        "a PKCS#12 store",
    ),
    (re.compile(rb"openssh-key-v1\0"), "a private key"),
)
_NAMES = {
    **dict.fromkeys((".p12", ".pfx", ".jks", ".jceks", ".bcfks", ".keystore"), "a key store"),
    **dict.fromkeys((".keytab",), "a keytab"),
    **dict.fromkeys((".key", ".ppk", ".kdbx", ".kdb"), "a key"),
    **dict.fromkeys((".ccache",), "a cache of Kerberos tickets"),
}
_CREDENTIALS = re.compile(
    r"\.env(?:\..+)?|[._]?netrc|\.pgpass|\.pypirc|\.git-credentials|\.htpasswd|\.dockercfg|kubeconfig"
    r"|\.vault-token|id_(?:rsa|dsa|ecdsa|ed25519)|krb5cc_.*|.*[_.-]?credentials?(?:\.json|\.ini)?"
    r"|(?:.*[_.-])?(?:password|passwd|secret|token|api[_-]?key)(?:\.txt)?",
    re.IGNORECASE,
)
_PRIVATE_FOLDERS = {".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".gcloud"}


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder of the job, to be readable by every user.

    Raises:
        ImageError: it is missing, or something in it is a secret, a link or no regular file.
    """
    if not os.path.lexists(source):
        raise ImageError(f"there is no {escaped(source)}", hint="name files and folders that exist")
    for path, name in _walk(source, Path()):
        new = target / name
        if path.is_dir():
            new.mkdir(exist_ok=True)
            new.chmod(0o755)
        else:
            _copy_file(path, new)
            new.chmod(0o644)


def _walk(path: Path, name: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a file or folder and what is below it, each with its name below the first."""
    if path.is_symlink():
        raise _refused(path, "a link", "name what it leads to, or copy that into its place")
    if path.is_dir() and path.name in _PRIVATE_FOLDERS:
        raise _refused(path, "a folder of credentials")
    yield path, name
    if path.is_dir():
        try:
            below = sorted(path.iterdir())
        except OSError as error:
            raise unreadable(path, "the folder", error, ImageError) from error
        for one in below:
            if one.name not in _LEFT_OUT:
                yield from _walk(one, name / one.name)


def _copy_file(path: Path, target: Path) -> None:
    try:
        with open_regular(path) as file, target.open("xb") as copied:
            found = os.fstat(file.fileno())
            _refuse_by_what_it_is(path, found)
            tail = b""
            while part := file.read(_CHUNK):
                if not copied.tell():
                    _refuse_beginning(path, part, found.st_size)
                _refuse_content(path, tail + part)
                copied.write(part)
                tail = part[-_OVERLAP:]
    except FileExistsError:
        raise ImageError(
            f"{escaped(path)} would be in the image twice",
            hint="leave it out where a folder that has it is named",
        ) from None
    except OSError as error:
        raise unreadable(path, "the job's file", error, ImageError) from error


def _refuse_by_what_it_is(path: Path, found: os.stat_result) -> None:
    if what := _NAMES.get(path.suffix.lower()):
        raise _refused(path, what)
    if path.suffix != ".py" and _CREDENTIALS.fullmatch(path.name):
        raise _refused(path, "a file of credentials, by its name")
    # A program has this mode where new files are private; it is named to go into the image.
    if path.suffix != ".py" and not found.st_mode & _OTHERS:
        raise _refused(
            path,
            f"private (mode {stat.S_IMODE(found.st_mode):04o})",
            f"if it is no secret: chmod 0644 {escaped(path)}",
        )
    if found.st_size > _LARGEST:
        raise _refused(
            path,
            f"larger than {_LARGEST >> 30} GiB",
            "let the job fetch it, or mount a volume that has it",
        )
    if found.st_size == _KEY_BYTES and (path.parent / "primary").is_file():
        raise _refused(path, "a key of a key ring")


def _refuse_beginning(path: Path, content: bytes, size: int) -> None:
    for beginning, what in _BEGINNINGS:
        if beginning.match(content):
            raise _refused(path, what)
    if content.startswith(b"0") and size <= _LARGEST_KEY and _is_der_key(content):
        raise _refused(path, "a private key")


def _refuse_content(path: Path, content: bytes) -> None:
    # UTF-16, as Windows writes it, is ASCII with zeros in between.
    plain = content.replace(b"\0", b"")
    if _PEM_KEY.search(plain) or _PUTTY_KEY in plain or _AGE_KEY.search(plain):
        raise _refused(path, "or holds a private key")
    if any(begun in plain for begun in _PEM_IN_BASE64) or all(p.search(plain) for p in _JWK):
        raise _refused(path, "or holds a private key")
    if _SECRET_MANIFEST.search(content) or (
        _SECRET_INSIDE.search(content) and _SECRET_DATA.search(content)
    ):
        raise _refused(path, "a manifest with a Secret")
    if _AWS_KEY.search(content):
        raise _refused(path, "or holds an access key")


def _is_der_key(content: bytes) -> bool:
    try:
        load_der_private_key(content, None)
    except TypeError:  # It is encrypted.
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _refused(path: Path, what: str, hint: str | None = None) -> ImageError:
    return ImageError(
        f"{escaped(path)} is {what}, which must not be in an image",
        hint=hint
        or "mount it where the job runs (docs/kubernetes.md, What you bring), and keep it out of "
        "the folders of the job",
    )
