# SPDX-License-Identifier: Apache-2.0
"""Read a directory of stores, whatever state it is in: what is there, and what is wrong."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from cryptography import x509

from flinksec_jobs import tls
from flinksec_jobs.certs import stores
from flinksec_jobs.certs.anchors import serves
from flinksec_jobs.certs.bags import read_bags
from flinksec_jobs.certs.issue import INTERNAL, REST
from flinksec_jobs.certs.stores import CA, CERTIFICATE, KEY, Store
from flinksec_jobs.errors import CertificateError, FlinkSecError
from flinksec_jobs.files import reason
from flinksec_jobs.findings import Finding, Kind, Where, problem, warning
from flinksec_jobs.settings.cluster_tls import KEYSTORE, PASSWORD, TRUSTSTORE

_NO_PASSWORD = problem("store-without-password", "there is no password file beside a store")
_NO_KEY = problem("keystore-without-key", "a key store holds no private key")
_PEM_DIFFERS = problem("pem-differs", "a key store and the PEM file beside it differ")
_KEY_IN_TRUSTSTORE = warning("key-in-truststore", "a trust store holds a private key")
_NOT_TRUSTED_BY_JAVA = problem(
    "not-trusted-by-java", "Java does not trust what a trust store holds"
)
_EMPTY = problem("truststore-empty", "a trust store holds no certificate")
_LEGACY = warning("legacy-encryption", "a store is encrypted with RC2 or 3DES")
_KEY_MISMATCH = problem("key-mismatch", "a private key is another certificate's")
_EXPOSED = problem("store-exposed", "others can use a key or password, or change a file")
_GROUP_READABLE = warning("store-group-readable", "the group can read a key or a password")
_UNREADABLE = problem("store-unreadable", "a store, certificate or key cannot be read")
_STORE_TYPE = problem("store-type", "a store is not a PKCS#12 file, but JKS for example")
_PASSWORD_MISMATCH = problem("store-password-mismatch", "a store does not open with its password")
_WHOLE = "put a whole file in its place"

Role = Literal["internal", "rest", "client"]
_Result = TypeVar("_Result")

_KEY_STORES = (KEYSTORE, "keystore.jks")
_TRUST_STORES = (TRUSTSTORE, "truststore.jks")
_SECRET = {*_KEY_STORES, PASSWORD, KEY}
_KNOWN = {*_SECRET, *_TRUST_STORES, CERTIFICATE, CA}
_CHANGEABLE = stat.S_IWGRP | stat.S_IWOTH
_SUFFIXES = (".p12", ".pfx", ".jks", ".pem", ".crt", ".cer", ".key")


@dataclass(frozen=True)
class StoredCertificate:
    """A certificate in a file.

    Attributes:
        use: the party's own key and certificate, a certificate of its chain, or one it trusts.
    """

    path: Path
    use: Literal["key", "chain", "trusted", "certificate"]
    certificate: x509.Certificate


@dataclass
class Place:
    """What one party has.

    Attributes:
        name: of the party.
        path: its directory, or the one file.
        shows: what it presents, own certificate first; empty if nothing was found.
        trusts: whom it trusts; None if it has no trust store.
        trust_path: the file that says whom.
        given_role: what it is, where that is known.
    """

    name: str
    path: Path
    shows: tuple[x509.Certificate, ...] = ()
    trusts: tuple[x509.Certificate, ...] | None = None
    trust_path: Path | None = None
    held: list[StoredCertificate] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    given_role: Role | None = None

    @property
    def role(self) -> Role:
        """As given, else by its name, else by what its certificate may be used for."""
        if self.given_role:
            return self.given_role
        if self.name in {INTERNAL, REST}:
            return "internal" if self.name == INTERNAL else "rest"
        if not self.shows:
            return "internal"
        may_serve, may_ask = (serves(self.shows[0], one) for one in ("server", "client"))
        if may_serve and may_ask:
            return "internal"
        return "rest" if may_serve else "client"


def find_places(path: Path, password_file: Path | None) -> Iterator[Place]:
    """Read every party of a directory, or one directory of stores, or one file.

    Raises:
        CertificateError: there is nothing to look at.
    """
    if not path.is_dir():
        yield _read_file(path, password_file)
        return
    below = [one for one in _visible(path) if one.is_dir() and _known(one)]
    for directory in below:
        yield read_directory(directory, password_file)
    if _known(path):
        yield read_directory(path, password_file)
    elif not below:
        raise CertificateError(
            f"{path} holds no stores",
            hint="name a directory with keystore.p12, truststore.p12 and password, or with "
            "tls.crt, tls.key and ca.crt",
        )


def read_directory(
    directory: Path, password_file: Path | None = None, *, role: Role | None = None
) -> Place:
    """Read one directory of stores or PEM files.

    Args:
        directory: of ``keystore.p12``, ``truststore.p12`` and ``password``, or of ``tls.crt``,
            ``tls.key`` and ``ca.crt``.
        password_file: of the stores; default: beside them.
        role: whose it is; default: by its name or its certificate.

    Raises:
        CertificateError: it cannot be listed.
    """
    place = Place(directory.absolute().name, directory, given_role=role)
    files = {path.name: path for path in _known(directory)}
    _check_modes(place, files)
    _read_pem(place, files)
    paths = [path for name, path in files.items() if name in {*_KEY_STORES, *_TRUST_STORES}]
    password = _password(place, password_file or directory / PASSWORD) if paths else None
    for path in paths:
        store = _open(place, path, password)
        if store and path.name in _KEY_STORES:
            _add_key_store(place, path, store)
        elif store:
            _add_trust_store(place, path, store, password or "")
    return place


def _known(directory: Path) -> list[Path]:
    try:
        return [one for one in _visible(directory) if one.name in _KNOWN]
    except OSError as error:
        raise CertificateError(
            f"{directory} cannot be read: {reason(error)}",
            hint="run this as the user who made it",
        ) from error


def _visible(directory: Path) -> list[Path]:
    return sorted(one for one in directory.iterdir() if not one.name.startswith("."))


def _read_file(path: Path, password_file: Path | None) -> Place:
    place = Place(path.name, path)
    content = stores.read(path)
    if path.suffix not in _SUFFIXES and not content.startswith((b"-----BEGIN", b"0")):
        raise CertificateError(
            f"{path} is neither a PKCS#12 store nor a PEM file",
            hint="name a directory or a file of stores or certificates",
        )
    if content.lstrip().startswith(b"-----BEGIN"):
        for certificate in (
            _attempt(place, path, lambda: stores.read_pem(path, "the certificate")) or []
        ):
            place.held.append(StoredCertificate(path, "certificate", certificate))
        return place
    password = _password(place, password_file or path.parent / PASSWORD)
    store = _open(place, path, password)
    if store and store.identity:
        _add_key_store(place, path, store)
    elif store:
        _add_trust_store(place, path, store, password or "")
    return place


def _password(place: Place, path: Path) -> str | None:
    if not path.exists():
        place.findings.append(
            _NO_PASSWORD.at(
                Where(file=str(path)),
                "the password of the stores is not there, so they were not opened",
                fix="name its file with --password-file",
            )
        )
        return None
    # Not as a `SecretFile`: a file that others can read is told by its mode, and looked into.
    content = _attempt(place, path, lambda: stores.read(path))
    return None if content is None else content.decode("utf-8", "replace").rstrip("\r\n")


def _open(place: Place, path: Path, password: str | None) -> Store | None:
    content = _attempt(place, path, lambda: stores.read(path))
    if content is None:
        return None
    if password is None and content.startswith(b"0"):
        return None
    kind: Kind
    told: CertificateError
    try:
        return stores.parse_store(content, password or "", path)
    except stores.StoreTypeError as error:
        kind, told = _STORE_TYPE, error
    except stores.WrongPasswordError as error:
        kind, told = _PASSWORD_MISMATCH, error
    except CertificateError as error:
        kind, told = _UNREADABLE, error
    place.findings.append(kind.at(Where(file=str(path)), told.message, fix=told.hint or _WHOLE))
    return None


def _add_key_store(place: Place, path: Path, store: Store) -> None:
    if store.identity is None:
        place.findings.append(
            _NO_KEY.at(
                Where(file=str(path)),
                "the key store holds no private key, so Flink has nothing to present",
                fix="put the party's own key and certificate into it",
            )
        )
        return
    identity = store.identity
    shown = (identity.certificate, *identity.chain)
    if place.shows and place.shows[0] != identity.certificate:
        place.findings.append(
            _PEM_DIFFERS.at(
                Where(file=str(path)),
                f"the key store has another certificate than {CERTIFICATE} beside it",
                fix="make both from one key",
            )
        )
    place.held = [one for one in place.held if one.use not in {"key", "chain"}]
    place.shows = shown
    place.held.append(StoredCertificate(path, "key", identity.certificate))
    place.held += [StoredCertificate(path, "chain", one) for one in identity.chain]
    if not tls.belongs_to(identity.key, identity.certificate):
        place.findings.append(_foreign_key(path))


def _add_trust_store(place: Place, path: Path, store: Store, password: str) -> None:
    bags = read_bags(stores.read(path), password)
    trusted = store.certificates
    if store.identity:
        trusted = (store.identity.certificate, *trusted)
        place.findings.append(
            _KEY_IN_TRUSTSTORE.at(
                Where(file=str(path)),
                "the trust store holds a private key",
                fix="keep the key in the key store only; trust needs the certificate alone",
            )
        )
    elif bags and bags.certificates > bags.trusted:
        place.findings.append(
            _NOT_TRUSTED_BY_JAVA.at(
                Where(file=str(path)),
                f"Java takes {bags.trusted} of its {bags.certificates} certificates as trusted: "
                "the others lack Oracle's attribute trustedKeyUsage",
                fix="make it with keytool -importcert or flinksec certs create, not with openssl",
            )
        )
    if bags and bags.is_legacy:
        place.findings.append(_legacy(path))
    if not trusted:
        place.findings.append(
            _EMPTY.at(
                Where(file=str(path)), "the trust store is empty", fix="put the certificate into it"
            )
        )
    place.held = [one for one in place.held if one.use != "trusted"]
    place.held += [StoredCertificate(path, "trusted", one) for one in trusted]
    place.trusts, place.trust_path = trusted, path


def _legacy(path: Path) -> Finding:
    return _LEGACY.at(
        Where(file=str(path)),
        "the store is encrypted with RC2 or 3DES, which OpenSSL 3 and others refuse",
        fix="for cert-manager set keystores.pkcs12.profile: Modern2023",
    )


def _foreign_key(path: Path) -> Finding:
    return _KEY_MISMATCH.at(
        Where(file=str(path)),
        "the private key is not the one of the certificate",
        fix="put the key and the certificate that were made together beside each other",
    )


def _read_pem(place: Place, files: dict[str, Path]) -> None:
    if CERTIFICATE in files:
        path = files[CERTIFICATE]
        shown = _attempt(place, path, lambda: stores.read_pem(path, "the certificate"))
        if shown:
            place.shows = tuple(shown)
            place.held.append(
                StoredCertificate(path, "key" if KEY in files else "certificate", shown[0])
            )
            place.held += [StoredCertificate(path, "chain", one) for one in shown[1:]]
        if shown and KEY in files:
            _check_key(place, files[KEY], shown[0])
    if CA in files:
        path = files[CA]
        trusted = _attempt(place, path, lambda: stores.read_pem(path, "the CA"))
        if trusted:
            place.held += [StoredCertificate(path, "trusted", one) for one in trusted]
            place.trusts, place.trust_path = tuple(trusted), path


def _check_key(place: Place, path: Path, certificate: x509.Certificate) -> None:
    key = _attempt(
        place, path, lambda: tls.parse_private_key(stores.read(path), f"the private key {path}")
    )
    if key is not None and not tls.belongs_to(key, certificate):
        place.findings.append(_foreign_key(path))


def _check_modes(place: Place, files: dict[str, Path]) -> None:
    # A mounted Secret is read by a process that is not root through its group.
    is_mounted = (place.path / "..data").is_symlink()
    for name, path in files.items():
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if name not in _SECRET:
            if mode & _CHANGEABLE:
                place.findings.append(
                    _EXPOSED.at(
                        Where(file=str(path)),
                        f"others can change it (mode {mode:04o})",
                        fix=f"chmod go-w {path}",
                    )
                )
        elif mode & (stat.S_IRWXO | _CHANGEABLE):
            place.findings.append(
                _EXPOSED.at(
                    Where(file=str(path)),
                    f"others can use it (mode {mode:04o})",
                    fix=f"chmod 0600 {path}",
                )
            )
        elif mode & stat.S_IRGRP and not is_mounted:
            place.findings.append(
                _GROUP_READABLE.at(
                    Where(file=str(path)),
                    f"its group can read it (mode {mode:04o})",
                    fix=f"chmod 0600 {path}",
                )
            )


def _attempt(place: Place, path: Path, action: Callable[[], _Result]) -> _Result | None:
    try:
        return action()
    except FlinkSecError as error:
        place.findings.append(
            _UNREADABLE.at(Where(file=str(path)), error.message, fix=error.hint or _WHOLE)
        )
        return None
