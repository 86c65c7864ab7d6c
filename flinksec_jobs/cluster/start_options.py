# SPDX-License-Identifier: Apache-2.0
"""What is said at the start of a process beside its files: ``-D``, and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings import java_options
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink
from flinksec_jobs.settings.secret_names import holds_secret

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

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


def refuse_options(options: Mapping[str, str], settings: Settings) -> None:
    """Refuse ``-D`` options that the settings decide, or that let state past the seal.

    Ports, addresses, slots and restarts may differ from one process to the next.

    Raises:
        SettingsError: names every such option.
    """
    if secret := next(filter(holds_secret, options), None):
        raise SettingsError(
            f"the option -D {secret} holds a secret, and a command line is open to everyone",
            hint="passwords are read from the files beside the stores",
        )
    sealed = settings.state is not None and settings.state.sealed
    giving = Giving(sealed=sealed, cluster=True, process=True)
    if found := list(refused_in_flink(options, giving, decided_by(type(settings)))):
        listed = "; ".join(f"-D {key} {problem}" for key, problem in found)
        raise SettingsError(listed, hint="say it in the settings, and make config.yaml anew")


def refuse_environment(environ: Mapping[str, str]) -> None:
    """Refuse variables that open Java, that take away a check, or that nothing here reads.

    Raises:
        SettingsError: there is one.
    """
    for name in java_options.VARIABLES:
        for argument, why in java_options.problems(environ.get(name, "")):
            raise SettingsError(
                f"the environment variable {name} gives Java {argument}, which {why}",
                hint="remove it",
            )
    for name in UNCHECKED_API_SERVER:
        if environ.get(name, "").strip().lower() not in {"", "false"}:
            raise SettingsError(
                f"the environment variable {name} takes anyone for Kubernetes' API server, which "
                "says which job and checkpoint are this one's",
                hint="remove it",
            )
    if ignored := sorted(ENTRY_POINT_VARIABLES & environ.keys()):
        raise SettingsError(
            f"the environment variable {ignored[0]} is read by the entry point of Flink's own "
            "image, and by nothing here",
            hint="put the option into [flink], and make config.yaml anew",
        )
