# SPDX-License-Identifier: Apache-2.0
"""What is said at the start of a process beside its files: ``-D``, and the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings import java_options
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink
from flinksec_jobs.settings.secret_names import holds_secret

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

_SECRET = problem("secret-in-an-option", "a -D option holds a secret, which others can see")
_OPTION = problem("option-refused", "a -D option contradicts the settings")
_JAVA = problem("environment-opens-java", "a variable gives Java an argument that is not safe")
_API_SERVER = problem(
    "api-server-unchecked", "a variable lets any server pass for Kubernetes' API server"
)
_IGNORED = problem("environment-ignored", "a variable is set that nothing reads")

ENTRY_POINT_VARIABLES = frozenset(
    {
        "FLINK_PROPERTIES",
        "JOB_MANAGER_RPC_ADDRESS",
        "TASK_MANAGER_NUMBER_OF_TASK_SLOTS",
        "ENABLE_BUILT_IN_PLUGINS",
    }
)
"""What the entry point of Flink's official image reads, and nothing else does."""

UNCHECKED_API_SERVER = ("KUBERNETES_TRUST_CERTIFICATES", "KUBERNETES_DISABLE_HOSTNAME_VERIFICATION")
"""By these the client that Flink has for Kubernetes takes anyone for the API server."""


def check_options(options: Mapping[str, str], settings: Settings) -> Iterator[Finding]:
    """Yield the ``-D`` options that the settings decide, or that let state past the seal.

    Ports, addresses, slots and restarts may differ from one process to the next.
    """
    for key in filter(holds_secret, options):
        yield _SECRET.at(
            place_of(key),
            "holds a secret, and a command line is open to everyone",
            fix="remove it: passwords are read from the files beside the stores",
        )
    sealed = settings.state is not None and settings.state.sealed
    giving = Giving(sealed=sealed, cluster=True, process=True)
    for key, why in refused_in_flink(options, giving, decided_by(type(settings))):
        if not holds_secret(key):
            yield _OPTION.at(
                place_of(key),
                why,
                fix="say it in the settings, and make config.yaml anew",
            )


def place_of(key: str) -> Where:
    """Return the place of a ``-D`` option."""
    return Where(object="command line", field=f"-D {key}")


def check_environment(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the variables that open Java, that take away a check, or that nothing here reads."""
    for name in java_options.VARIABLES:
        for argument, why in java_options.problems(environ.get(name, "")):
            yield _JAVA.at(
                Where(object="environment", field=name),
                f"gives Java {argument}, which {why}",
                fix="remove it",
            )
    for name in UNCHECKED_API_SERVER:
        if environ.get(name, "").strip().lower() not in {"", "false"}:
            yield _API_SERVER.at(
                Where(object="environment", field=name),
                "lets any server pass for Kubernetes' API server, which decides which job and "
                "checkpoint this is",
                fix="remove it",
            )
    for name in sorted(ENTRY_POINT_VARIABLES & environ.keys()):
        yield _IGNORED.at(
            Where(object="environment", field=name),
            "is read by the entry point of Flink's own image, and by nothing here",
            fix="put the option into [flink], and make config.yaml anew",
        )
