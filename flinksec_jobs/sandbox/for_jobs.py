# SPDX-License-Identifier: Apache-2.0
"""What a sandbox gives to jobs and clients: certificates, keytabs, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flinksec_jobs import settings as settings_
from flinksec_jobs.errors import SandboxError
from flinksec_jobs.files import SETTINGS, read_text
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox import handover, job_settings, kafka_logins
from flinksec_jobs.sandbox.layout import Layout

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings


class ForJobs:
    """Files and settings with which a job uses the servers; a `Sandbox` is one."""

    _layout: Layout
    _ports: Mapping[str, int]
    _servers: Sequence[str]

    @property
    def krb5_conf(self) -> Path:
        """The Kerberos configuration for clients."""
        return self._layout.krb5_conf

    @property
    def state_keys(self) -> Path:
        """The key ring of the job's state."""
        return self._layout.state_keys

    @property
    def ca_certs(self) -> Path:
        """The CA that signed the servers' certificates."""
        return self._layout.certificate("ca.pem")

    @property
    def rogue_ca_certs(self) -> Path:
        """A CA that signed none of them."""
        return self._layout.certificate("rogue-ca.pem")

    @property
    def client_cert(self) -> Path:
        """The certificate of the job, CN=flink."""
        return self._layout.certificate("flink.pem")

    @property
    def client_key(self) -> Path:
        """The key of `client_cert`."""
        return self._layout.certificate("flink.key")

    def keytab(self, principal: str) -> Path:
        """Return the keytab of ``flink`` (the job) or ``guest`` (no rights).

        Also of ``kafka``, ``hdfs`` and ``http``, the servers' own.
        """
        return self._layout.keytab(principal)

    def settings(
        self,
        *,
        principal: str = "flink",
        login: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Settings:
        """Return the settings of a job that uses this sandbox.

        Args:
            principal: ``flink``, or ``guest`` who has a ticket but no rights.
            login: to Kafka, one of `kafka_logins.LOGINS`; by keytab without it.
            overrides: as of `flinksec_jobs.load_settings`.
        """
        who = job_settings.principal_overrides(self._layout, principal)
        file = self._layout.settings
        if login is not None:
            file = self._layout.settings_of(login)
            who = {} if login == kafka_logins.TICKETS else who
            chosen = kafka_logins.kafka_settings(self._layout, self._ports, login, principal)
            who |= {f"kafka.{name}": value for name, value in chosen.items()}
        return settings_.load_settings(file, overrides={**who, **(overrides or {})})

    def settings_toml(self) -> str:
        """Return the settings file of a job that uses this sandbox."""
        path = self._layout.settings
        return read_text(path, "the sandbox's settings", SETTINGS, error=SandboxError)

    def hand_over(self, directory: Path) -> list[Path]:
        """Write what a job in a container needs, laid out as its mounts: see `handover`."""
        return handover.hand_over(self._layout, self._ports, self._servers, directory)

    def write_settings(self, path: Path) -> None:
        """Write the settings file of a job that uses this sandbox."""
        write_private(path, self.settings_toml())
