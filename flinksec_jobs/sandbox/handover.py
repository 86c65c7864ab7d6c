# SPDX-License-Identifier: Apache-2.0
"""What a job in a container needs of the sandbox, laid out as its mounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.files import CERTIFICATES, read_bytes, reason
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox.job_settings import IN_CONTAINER, files_of, settings_toml
from flinksec_jobs.sandbox.layout import Layout

_ROOT = Path("/etc/flinksec")


def hand_over(
    layout: Layout, ports: Mapping[str, int], servers: Collection[str], directory: Path
) -> list[Path]:
    """Write the settings, and copy the keytab, CA, password, key ring and ``krb5.conf``.

    What is mounted below ``/etc/flinksec`` has the same path below the directory; ``krb5.conf``
    is at its top. Files are of mode 0600.

    Args:
        layout: of the sandbox.
        ports: its ports by name.
        servers: which servers run.
        directory: a new or empty one.

    Returns:
        The files written.

    Raises:
        SandboxError: the directory holds something, or cannot be written.
    """
    ours, theirs = files_of(layout), IN_CONTAINER
    pairs = [
        (ours.keytab, theirs.keytab),
        (ours.ca_certs, theirs.ca_certs),
        *(
            (path, theirs.state_keys / path.name)
            for path in sorted(ours.state_keys.iterdir())
            if path.is_file()
        ),
    ]
    if "elasticsearch" in servers:
        pairs.append((ours.elasticsearch_password, theirs.elasticsearch_password))
    if "schema-registry" in servers:
        pairs.append((ours.schema_registry_password, theirs.schema_registry_password))
    contents = {
        Path("krb5.conf"): _content(ours.krb5_conf),
        Path("job/settings.toml"): settings_toml(layout, ports, servers, theirs).encode(),
        **{target.relative_to(_ROOT): _content(source) for source, target in pairs},
    }
    try:
        if directory.exists() and any(directory.iterdir()):
            raise SandboxError(
                f"{directory} is not empty",
                hint="name a new directory: nothing is overwritten",
            )
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, content in contents.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(directory / path, content)
    except OSError as error:
        raise SandboxError(
            f"{directory} cannot be written: {reason(error)}", hint="name another directory"
        ) from error
    return [directory / path for path in sorted(contents)]


def _content(path: Path) -> bytes:
    return read_bytes(path, "the sandbox's file", CERTIFICATES, error=SandboxError)
