# SPDX-License-Identifier: Apache-2.0
"""The certificates of metrics: one that all processes show, one for Prometheus, a CA of their own.

A CA of its own, since whoever has a certificate of that of REST can do everything to the job.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from flinksec_jobs import certificates
from flinksec_jobs.certificates import Identity
from flinksec_jobs.certs import issue
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.certs.stores import CA, CERTIFICATE, KEY
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.files import reason
from flinksec_jobs.private_files import sync_directory, write_private

SERVER, CLIENT = "metrics", "prometheus"
SERVER_NAME = "flink-metrics"
"""The name in the certificate, which Prometheus expects of every pod."""
SECRETS = {SERVER: "flink-metrics-tls", CLIENT: "flink-metrics-client"}

Files = Mapping[str, bytes]


def make(making: Making, names: tuple[str, ...] = ()) -> dict[str, Files]:
    """Make both sides' files; the CA's key is dropped.

    Args:
        making: how.
        names: of the servers, beside `SERVER_NAME`.

    Raises:
        CertificateError: a name is none.
    """
    for one in names:
        issue.check_name(one, "--name")
    number = secrets.token_hex(4)
    subject = certificates.name("flink-metrics-ca", number)
    authority = certificates.make_authority(making.key(), subject, making.validity)
    found: dict[str, Files] = {}
    for party, common_name, alternatives in (
        (SERVER, SERVER_NAME, (SERVER_NAME, *names)),
        (CLIENT, "flink-metrics-client", ()),
    ):
        key = making.key()
        signed = authority.sign(
            key,
            certificates.name(common_name, number),
            making.validity,
            names=alternatives,
            purposes=("server",) if party == SERVER else ("client",),
        )
        identity = Identity(signed, key)
        found[party] = {
            CERTIFICATE: identity.certificate_pem,
            KEY: identity.key_pem,
            CA: certificates.pem(authority.certificate),
        }
    return found


def write(directory: Path, parties: Mapping[str, Files]) -> None:
    """Write them below a new directory, which appears whole.

    Raises:
        CertificateError: it exists, or cannot be written.
    """
    if directory.exists() or directory.is_symlink():
        raise CertificateError(
            f"{directory} exists already and is not overwritten",
            hint="name a new directory; what was made before may be removed when the Secrets are "
            "replaced",
        )
    parent = directory.absolute().parent
    new = parent / f".{directory.name}.{secrets.token_hex(4)}"
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.mkdir(mode=0o700)
        for party, files in parties.items():
            (new / party).mkdir(mode=0o700)
            for name, content in files.items():
                write_private(new / party / name, content, durable=True)
            sync_directory(new / party)
        new.rename(directory)
        sync_directory(parent)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise CertificateError(
            f"{directory} cannot be written: {reason(error)}",
            hint="name a directory that can be made by this user",
        ) from error
