# SPDX-License-Identifier: Apache-2.0
"""State: settings to Flink's checkpoint options, and the checkpoint to go on from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import job_name
from flinksec_jobs.errors import SealedStateError, SettingsError

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider
    from flinksec_jobs.settings import Pkcs11Settings, StateSettings

SEALED = "sealed+"
RECOVERY_PATH = "execution.state-recovery.path"
_log = logging.getLogger("flinksec_jobs.state")


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint: its directory and when its metadata was written (epoch ms)."""

    directory: Path
    created_at_ms: int


def job_directory(settings: StateSettings, name: str) -> str:
    """The URI under which a job keeps its checkpoints: ``sealed+file:///…/job-name``."""
    base = settings.directory.rstrip("/")
    if base.startswith("/"):
        base = f"file://{base}"
    if settings.sealed and not base.startswith(SEALED):
        base = SEALED + base
    return f"{base}/{job_name.file_name(name)}"


def flink_options(settings: StateSettings, name: str) -> dict[str, str]:
    """Flink's options for checkpoints that are sealed and outlive a crash of the job.

    A job that ends well removes its checkpoints; one that fails or is killed leaves them.
    """
    options = {
        "execution.checkpointing.dir": job_directory(settings, name),
        "execution.checkpointing.interval": f"{_milliseconds(settings.checkpoint_interval)} ms",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "state.backend.type": settings.backend,
    }
    # Also where new state is written in clear: a sealed savepoint may be what it starts from.
    if settings.keys is not None:
        options["flinksec.sealed.keys"] = str(settings.keys)
    if settings.pkcs11 is not None:
        options |= _token_options(settings.pkcs11)
    return options


def _token_options(settings: Pkcs11Settings) -> dict[str, str]:
    options = {
        "module": settings.module,
        "token": settings.token,
        "slot": settings.slot,
        "pin-source": settings.pin.path,
        "primary": settings.primary,
    }
    return {
        f"flinksec.sealed.pkcs11.{name}": str(value)
        for name, value in options.items()
        if value is not None
    }


@contextmanager
def open_keys(settings: StateSettings) -> Iterator[KeyProvider]:
    """The keys that seal and open a job's state: of the key ring, of the token, or of both.

    With both, the token seals if ``pkcs11.primary`` names its key, else the key ring does.

    Raises:
        KeyRingError: they cannot be used.
        SettingsError: the settings name none.
    """
    from flinksec_jobs.sealed import KeyChain, KeyRing, TokenAddress, TokenKeys

    if settings.keys is None and settings.pkcs11 is None:
        raise SettingsError("state.keys is missing", hint="Sealed state needs a key ring.")
    with ExitStack() as stack:
        providers: list[KeyProvider] = []
        if settings.keys is not None:
            providers.append(KeyRing.open(settings.keys))
        if (found := settings.pkcs11) is not None:
            address = TokenAddress(found.module, found.pin, found.token, found.slot)
            token = stack.enter_context(TokenKeys(address, found.primary))
            providers.insert(0 if found.primary else len(providers), token)
        yield KeyChain(*providers) if len(providers) > 1 else providers[0]


def latest_checkpoint(settings: StateSettings, name: str) -> Checkpoint | None:
    """The newest complete checkpoint that a killed or failed run of a job has left.

    "Newest" is by the time of creation in the sealed header, which is authenticated; for state
    that is not sealed by the file's own time.

    Raises:
        SealedStateError: the metadata of a checkpoint was altered, or its key is missing.
        SettingsError: the directory is not on a local (or mounted) file system.
    """
    root = _local_path(job_directory(settings, name))
    metadata = list(root.glob("*/chk-*/_metadata"))
    if settings.sealed and metadata:
        with open_keys(settings) as keys:
            found = list(_complete(metadata, lambda file: _sealed_creation(keys, file)))
    else:
        found = list(_complete(metadata, _mtime))
    return max(found, key=lambda checkpoint: checkpoint.created_at_ms, default=None)


def is_mounted(settings: StateSettings) -> bool:
    """Whether state lies on a local or mounted file system."""
    return settings.uri.removeprefix(SEALED).startswith("file:")


def _local_path(uri: str) -> Path:
    scheme, _, path = uri.removeprefix(SEALED).partition(":")
    if scheme != "file":
        raise SettingsError(
            f"state.directory is on {scheme}:, where the latest checkpoint is not looked for",
            hint=f'Set job.resume = "never", and name a checkpoint in [flink] "{RECOVERY_PATH}".',
        )
    return Path("/" + path.lstrip("/"))


def _complete(
    metadata: Iterable[Path], created: Callable[[Path], int | None]
) -> Iterator[Checkpoint]:
    for file in metadata:
        time_ms = created(file)
        if time_ms is not None:
            yield Checkpoint(file.parent, time_ms)


def _mtime(metadata: Path) -> int:
    return metadata.stat().st_mtime_ns // 1_000_000


def _sealed_creation(keys: KeyProvider, metadata: Path) -> int | None:
    """When a sealed file was made; ``None`` if its writer was killed before it was whole."""
    from flinksec_jobs.sealed import Status, verify_file

    report = verify_file(metadata, keys)
    if report.status is Status.TRUNCATED:
        _log.warning("checkpoint %s was never completed; it is passed over", metadata.parent)
        return None
    if report.status is not Status.WHOLE or report.header is None:
        raise SealedStateError(
            f"the checkpoint {metadata.parent} cannot be used: {report.status.value}"
            + (f" ({report.detail})" if report.detail else ""),
            hint="Remove it to go on from an older one, or set job.resume = "
            '"never" to start from nothing.',
        )
    return report.header.context.created_millis


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
