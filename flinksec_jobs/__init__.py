# SPDX-License-Identifier: Apache-2.0
"""Secure PyFlink jobs: Kerberos, TLS and encrypted state by default."""

from typing import TYPE_CHECKING, Any

from flinksec_jobs.version import __version__

if TYPE_CHECKING:
    from flinksec_jobs.errors import (
        FlinkSecError,
        JavaNotFoundError,
        JobError,
        ResumeError,
        SealedStateError,
        SettingsError,
    )
    from flinksec_jobs.functions import fast, map_batches, process_batches
    from flinksec_jobs.job import SecureJob
    from flinksec_jobs.keyed import key_by_field
    from flinksec_jobs.records import field, record, row_type
    from flinksec_jobs.sandbox import Sandbox
    from flinksec_jobs.settings import Settings, load_settings

__all__ = [
    "FlinkSecError",
    "JavaNotFoundError",
    "JobError",
    "ResumeError",
    "Sandbox",
    "SealedStateError",
    "SecureJob",
    "Settings",
    "SettingsError",
    "__version__",
    "fast",
    "field",
    "key_by_field",
    "load_settings",
    "map_batches",
    "process_batches",
    "record",
    "row_type",
]

_HOMES = {
    "FlinkSecError": "errors",
    "JavaNotFoundError": "errors",
    "JobError": "errors",
    "ResumeError": "errors",
    "Sandbox": "sandbox",
    "SealedStateError": "errors",
    "SecureJob": "job",
    "Settings": "settings",
    "SettingsError": "errors",
    "fast": "functions",
    "field": "records",
    "key_by_field": "keyed",
    "load_settings": "settings",
    "map_batches": "functions",
    "process_batches": "functions",
    "record": "records",
    "row_type": "records",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts at once."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
