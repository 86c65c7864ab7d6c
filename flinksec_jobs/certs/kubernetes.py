# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes Secrets that carry a cluster's stores."""

from __future__ import annotations

import base64
import os
import secrets
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from flinksec_jobs.certs.issue import INTERNAL, REST
from flinksec_jobs.certs.stores import Party
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.files import reason
from flinksec_jobs.private_files import sync_directory, write_private
from flinksec_jobs.yaml_writing import yaml_text

# Stays with the person who uses it.
_OUTSIDE = "cli"


def secret_name(party: str) -> str:
    """Return the Secret of a party, as the manifests in ``docker/kubernetes`` name it."""
    return f"flink-{party}-{'tls' if party in {INTERNAL, REST} else 'rest-client'}"


def in_cluster(parties: Iterable[str]) -> list[str]:
    """Return the parties whose stores belong into the Kubernetes cluster."""
    return [name for name in parties if name != _OUTSIDE]


def kubectl_lines(
    directory: Path, parties: Mapping[str, Party], names: Iterable[str], namespace: str | None
) -> list[str]:
    """Return the commands that make or update the Secrets from the files; they hold no secret."""
    return [
        secret_line(secret_name(name), [directory / name / file for file in files], namespace)
        for name in in_cluster(names)
        for files in (parties[name].files(),)
    ]


def secret_line(name: str, files: Iterable[Path], namespace: str | None) -> str:
    """Return the command that makes or updates a Secret from files; it holds no secret."""
    where = ["--namespace", namespace] if namespace else []
    given = [f"--from-file={file}" for file in files]
    command = ["kubectl", "create", "secret", "generic", name, *where, *given]
    # Server-side, as the other way would keep a second copy in an annotation.
    apply = ["kubectl", "apply", "--server-side", *where, "-f", "-"]
    return f"{shlex.join([*command, '--dry-run=client', '-o', 'yaml'])} | {shlex.join(apply)}"


def manifests(parties: Mapping[str, Party], names: Iterable[str], namespace: str | None) -> str:
    """Return the Secrets as YAML: as secret as the files."""
    where = {"namespace": namespace} if namespace else {}
    return yaml_text(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": secret_name(name)} | where,
            "type": "Opaque",
            "data": {
                file: base64.b64encode(content).decode()
                for file, content in parties[name].files().items()
            },
        }
        for name in in_cluster(names)
    )


def refuse_existing(path: Path) -> None:
    """Refuse a file that would be overwritten.

    Raises:
        CertificateError: it is there.
    """
    if path.exists() or path.is_symlink():
        raise CertificateError(
            f"--kubernetes {path} exists already and is not overwritten",
            hint="name another file, or remove that one",
        )


def write_manifests(path: Path, text: str) -> None:
    """Write a file of mode 0600 that appears whole.

    Raises:
        CertificateError: it exists, or cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_private(temporary, text, durable=True)
        try:
            os.link(temporary, path)
        finally:
            temporary.unlink()
        sync_directory(path.absolute().parent)
    except FileExistsError:
        refuse_existing(path)
        raise
    except OSError as error:
        raise CertificateError(
            f"--kubernetes {path} cannot be written: {reason(error)}",
            hint="name a file in a directory that this user may write",
        ) from error
