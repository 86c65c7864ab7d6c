# SPDX-License-Identifier: Apache-2.0
"""What is examined: settings, and a JVM such as a job of theirs would have, started when asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flinksec_jobs import hdfs, kerberos
from flinksec_jobs.doctor.checks import NotAskedError
from flinksec_jobs.doctor.servers import used
from flinksec_jobs.doctor.wanted import Wanted
from flinksec_jobs.errors import FlinkSecError, SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding
from flinksec_jobs.job_options import flink_options
from flinksec_jobs.runtime import artifacts, jvm
from flinksec_jobs.runtime.local import LocalRun
from flinksec_jobs.session import log_in

if TYPE_CHECKING:
    from pyflink.common import Configuration

    from flinksec_jobs.settings import KerberosSettings, Settings

T = TypeVar("T")
NAME = "doctor"
"""What stands for a job's name: in the name of the log, and of its checkpoints' directory."""


@dataclass
class Patient:
    """Settings, and what their diagnosis has started and seen so far.

    Attributes:
        settings: what is examined.
        wanted: what of the servers is asked about.
        unreached: how many endpoints of a section cannot be connected with.
    """

    settings: Settings
    wanted: Wanted = field(default_factory=Wanted)
    unreached: Counter[str] = field(default_factory=Counter, repr=False)
    _seen: dict[str, tuple[Any, FlinkSecError | None]] = field(default_factory=dict, repr=False)

    def once(self, what: str, look: Callable[[], T]) -> T:
        """Look at something that several checks need, at the first of them.

        Args:
            what: names it, for the others.
            look: looks.

        Raises:
            FlinkSecError: it failed, for whoever asks first.
            NotAskedError: the same, for all others.
        """
        if what in self._seen:
            seen, error = self._seen[what]
            if error is not None:
                raise NotAskedError(f"{what} failed")
            return seen  # type: ignore[no-any-return]
        try:
            made = look()
        except FlinkSecError as error:
            self._seen[what] = None, error
            raise
        self._seen[what] = made, None
        return made

    @property
    def log_file(self) -> Path:
        """Where the JVM writes its log."""
        return LocalRun(NAME, {}).log_file

    def files(self) -> list[Finding]:
        """Return what is wrong with the files that the settings name."""
        return self.once("files", lambda: check_files(self.settings, examples=True))

    def jvm(self) -> Any:
        """Py4J's view of the JVM of a job with these settings.

        Raises:
            FlinkSecError: it cannot be started.
            NotAskedError: that was found before.
        """
        self.once("the start of the JVM", self._start)
        return jvm.view()

    def hadoop(self) -> dict[str, str]:
        """Options of Hadoop's client; empty without HDFS, or if its files cannot be used."""
        try:
            return hdfs.hadoop_options(self.settings)
        except SettingsError:
            return {}  # a look at the files finds it

    def login(self, section: str = "kerberos") -> Any:
        """Return a login by the keytab in the JVM (`org.flinksec.doctor.KerberosLook`).

        Args:
            section: of the settings: ``kerberos``, ``kerberos.east``.

        Raises:
            FlinkSecError: the KDC refuses.
            NotAskedError: that was found before, or there is no JVM.
        """
        found = self.settings.kerberos_sections[section]
        looks = self.jvm().org.flinksec.doctor.KerberosLook

        def look() -> Any:
            with jvm.translated("the login failed"):
                return looks.login(found.principal, str(found.keys.path))

        return self.once(f"{section}-login", look)

    def hadoop_login(self) -> None:
        """Log the JVM in as Hadoop's client wants it, for HDFS."""
        found = self.kerberos()
        self.jvm()
        self.once("the login of Hadoop's client", lambda: log_in(found, self._configuration()))

    def file_systems(self) -> None:
        """Load Flink's file systems, the sealed one with its keys."""
        self.jvm()
        self.once(
            "Flink's file systems", lambda: jvm.initialize_file_systems(self._configuration())
        )

    def kerberos(self) -> KerberosSettings:
        """Return the section ``[kerberos]``.

        Raises:
            NotAskedError: there is none.
        """
        if self.settings.kerberos is None:
            raise NotAskedError("the settings have no section [kerberos]")
        return self.settings.kerberos

    def _start(self) -> None:
        LocalRun(NAME, self.hadoop(), kerberos.login_of(self.settings)).start_jvm()
        if path := kerberos.krb5_conf(self.settings):
            jvm.set_system_property("java.security.krb5.conf", str(path))
        from pyflink.util.java_utils import add_jars_to_context_class_loader

        with jvm.translated("the connectors' jars cannot be loaded"):
            add_jars_to_context_class_loader(
                [jar.as_uri() for jar in connector_jars(self.settings)]
            )

    def _configuration(self) -> Configuration:
        from pyflink.common import Configuration

        configuration = Configuration()
        for name, value in flink_options(self.settings, NAME).items():
            configuration.set_string(name, value)
        return configuration


def connector_jars(settings: Settings) -> list[Path]:
    """Return the jars of our own connectors, and what those need that the settings name.

    Raises:
        ArtifactError: one is missing or altered.
    """
    found = [jar for server in used(settings) for jar in server.use(settings).jars()]
    return [artifacts.own_jar("flinksec-secure-connectors"), *found]
