# SPDX-License-Identifier: Apache-2.0
"""State: settings to Flink's checkpoint options, and the keys that seal and open it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import job_name
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.uses import Use

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider
    from flinksec_jobs.settings import Settings, StateSettings

SEALED = "sealed+"
RECOVERY_PATH = "execution.state-recovery.path"


def use(settings: Settings) -> Use:
    """Return what a job needs for its state, and for a directory on HDFS."""
    if settings.state is None:
        return Use("state")
    sections = {"state"}
    login = None
    if settings.state.uri.removeprefix(SEALED).startswith("hdfs:"):
        sections |= {"hdfs", "kerberos"}
        login = settings.kerberos
    return Use("state", files=lambda: check_files(settings, sections=sections), login=login)


def cipher_jars(settings: Settings) -> list[Path]:
    """Return what the sealed file system has beside its own jar, for its cipher.

    Raises:
        ArtifactError: a jar is missing or altered.
    """
    if settings.state is None or settings.state.cipher == "jdk":
        return []
    return artifacts.jars(settings.state.cipher)


def job_directory(settings: StateSettings, name: str) -> str:
    """Return the URI under which a job keeps its checkpoints: ``sealed+file:///…/job-name``."""
    base = settings.directory.rstrip("/")
    if base.startswith("/"):
        base = f"file://{base}"
    if settings.sealed and not base.startswith(SEALED):
        base = SEALED + base
    return f"{base}/{job_name.file_name(name)}"


@contextmanager
def open_keys(settings: StateSettings) -> Iterator[KeyProvider]:
    """Open the keys of a job's state, those of all providers that the settings name.

    Raises:
        KeyRingError: they cannot be used.
        SettingsError: the settings name none.
    """
    from flinksec_jobs.sealed import KeyChain

    if not settings.providers:
        raise SettingsError("state.keys is missing", hint="sealed state needs a key ring")
    with ExitStack() as stack:
        providers = [
            stack.enter_context(kind.store(value).opened()) for kind, value in settings.providers
        ]
        yield KeyChain(*providers) if len(providers) > 1 else providers[0]


def is_mounted(settings: StateSettings) -> bool:
    """Whether state lies on a local or mounted file system."""
    return settings.uri.removeprefix(SEALED).startswith("file:")


def local_path(uri: str) -> Path:
    """Return the path of a URI on a local or mounted file system.

    Raises:
        SettingsError: it is on another one.
    """
    scheme, _, path = uri.removeprefix(SEALED).partition(":")
    if scheme != "file":
        raise SettingsError(
            f"state.directory is on {scheme}:, where nobody looks for the latest checkpoint",
            hint=f'set job.resume = "never", and name a checkpoint in [flink] "{RECOVERY_PATH}"',
        )
    return Path("/" + path.lstrip("/"))
