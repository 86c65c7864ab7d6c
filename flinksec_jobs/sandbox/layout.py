# SPDX-License-Identifier: Apache-2.0
"""Where everything of a sandbox lies below its private directory."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.files import reason
from flinksec_jobs.private_files import write_private

REALM = "SANDBOX.LOCAL"
LOOPBACK = "localhost"
LOOPBACK_ADDRESS = "127.0.0.1"
SECOND_ADDRESS = "127.0.0.2"
# Those of the servers are followed by a host's name.
_SERVICES = {"kafka": "kafka", "hdfs": "hdfs", "http": "HTTP"}
CLIENTS = ("flink", "guest")
"""The job's principal or user, and one without rights."""

_HOST_NAME = re.compile(r"(?!.*\d\Z)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_DIRECTORIES = (
    "certificates",
    "clients",
    "elasticsearch",
    "hadoop",
    "keytabs",
    "logs",
    "schema-registry",
    "secrets",
)


@dataclass(frozen=True)
class Layout:
    """The paths of a sandbox.

    Attributes:
        directory: mode 0700; everything else is below it.
        host: the name under which clients reach the servers, and this machine itself too.
        bind: the address on which they listen.
        realm: of their principals.
    """

    directory: Path
    host: str = LOOPBACK
    bind: str = LOOPBACK_ADDRESS
    realm: str = REALM

    def __post_init__(self) -> None:
        if not _HOST_NAME.fullmatch(self.host) and self.host != SECOND_ADDRESS:
            raise SandboxError(
                f"the servers cannot be called {self.host!r}",
                hint="--host takes a host name in lower case, for certificates and Kerberos "
                "principals: no address, no port",
            )
        try:
            ipaddress.ip_address(self.bind)
        except ValueError as error:
            raise SandboxError(
                f"the servers cannot listen on {self.bind!r}",
                hint="--bind takes an IP address of this machine, or 0.0.0.0 for all of them",
            ) from error

    @property
    def principals(self) -> dict[str, str]:
        """The principals of the realm by the names of their keytabs, without the realm."""
        services = {name: f"{service}/{self.host}" for name, service in _SERVICES.items()}
        return services | dict(zip(CLIENTS, CLIENTS, strict=True))

    def make(self) -> None:
        """Make the directories, private to this user.

        Raises:
            SandboxError: the directory cannot be made, or holds something else.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            foreign = any(self.directory.iterdir()) and not self.is_a_sandbox()
        except OSError as error:
            raise SandboxError(
                f"the sandbox cannot use {self.directory}: {reason(error)}",
                hint="name another directory with --dir",
            ) from error
        if foreign:
            raise SandboxError(
                f"{self.directory} is not empty and holds no sandbox",
                hint="name an empty directory, or one that does not exist, with --dir",
            )
        self.directory.chmod(0o700)
        self.marker.touch(mode=0o600)
        for name in _DIRECTORIES:
            (self.directory / name).mkdir(exist_ok=True, mode=0o700)

    def is_a_sandbox(self) -> bool:
        """Whether a sandbox was made here before."""
        return self.marker.is_file()

    @property
    def marker(self) -> Path:
        """Tells that the directory belongs to a sandbox; also locked while one starts or stops."""
        return self.directory / "lock"

    @property
    def record(self) -> Path:
        """What runs: see `records`."""
        return self.directory / "sandbox.json"

    @property
    def ports(self) -> Path:
        """The ports that were chosen last: see `records`."""
        return self.directory / "ports.json"

    @property
    def settings(self) -> Path:
        """The settings file of a job."""
        return self.directory / "settings.toml"

    @property
    def krb5_conf(self) -> Path:
        """The Kerberos configuration."""
        return self.directory / "krb5.conf"

    @property
    def state(self) -> Path:
        """Where a job keeps its checkpoints."""
        return self.directory / "state"

    @property
    def state_keys(self) -> Path:
        """The key ring of the checkpoints."""
        return self.directory / "state-keys"

    @property
    def hadoop_conf(self) -> Path:
        """The servers' Hadoop configuration."""
        return self.directory / "hadoop"

    @property
    def hadoop_client_conf(self) -> Path:
        """The Hadoop configuration of the sandbox's own look into HDFS."""
        return self.directory / "clients" / "hadoop"

    def keytab(self, name: str) -> Path:
        """Return the keytab of one of `principals`."""
        return self.directory / "keytabs" / f"{name}.keytab"

    @property
    def ticket_cache(self) -> Path:
        """Return the file with a ticket of ``flink``, made when the KDC starts."""
        return self.directory / "secrets" / "flink.ccache"

    def certificate(self, name: str) -> Path:
        """Return a file of `certificates`."""
        return self.directory / "certificates" / name

    def secret(self, name: str) -> Path:
        """Return a file with a password or an API key."""
        return self.directory / "secrets" / name

    @property
    def logins(self) -> Path:
        """The passwords of Kafka's users, the secrets of OAuth's clients, and tokens."""
        return self.directory / "secrets" / "kafka"

    def settings_of(self, login: str) -> Path:
        """Return the settings file of a job that logs in to Kafka so."""
        return self.directory / f"settings-{login}.toml"

    def log(self, server: str) -> Path:
        """Return what a server says."""
        return self.directory / "logs" / f"{server}.log"


def write_properties(path: Path, values: Mapping[str, str]) -> None:
    """Write a private file of Java properties."""
    lines = (f"{_escaped(name)}={_escaped(value)}\n" for name, value in values.items())
    write_private(path, "".join(lines))


def _escaped(text: str) -> str:
    special = {"\\": "\\\\", ":": "\\:", "=": "\\=", " ": "\\ ", "\n": "\\n"}
    return "".join(special.get(character, character) for character in text)
