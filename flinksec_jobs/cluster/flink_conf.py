# SPDX-License-Identifier: Apache-2.0
"""The settings as Flink's ``config.yaml``, complete and without any secret.

The file goes into a ConfigMap. What is secret, the passwords of the key stores, is added by
`flinksec_jobs.cluster.entrypoint` in the container, in memory.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flinksec_jobs import kerberos, state
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import SETTINGS, read_text
from flinksec_jobs.parsing import ParseError, yaml_documents
from flinksec_jobs.sections.decides import FlinkValue, decided_by, options_of
from flinksec_jobs.sections.fields import flattened
from flinksec_jobs.settings import kafka_clusters
from flinksec_jobs.settings.cluster import QUERY_PORT, ClusterSettings
from flinksec_jobs.settings.flink_defaults import defaults
from flinksec_jobs.settings.flink_options import laid_over
from flinksec_jobs.settings.kafka_clusters import contradictions_in_a_cluster
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink
from flinksec_jobs.yaml_writing import yaml_text

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings, StateSettings

Role = Literal["jobmanager", "taskmanager"]
Config = dict[str, FlinkValue]
"""Flink's options by their full names."""

JAVA_OPTIONS = "env.java.opts.all"
SAVEPOINTS = "savepoints"
HIGH_AVAILABILITY = "high-availability"
# Of the shipped file: right for a single machine only.
_NOT_SHIPPED = ("taskmanager.host",)


def flink_home() -> Path:
    """Return the Flink distribution: ``FLINK_HOME``, else the one that PyFlink brings."""
    if home := os.environ.get("FLINK_HOME"):
        return Path(home)
    from importlib.util import find_spec

    spec = find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise SettingsError(
            "there is no Flink: FLINK_HOME is not set and PyFlink is not installed",
            hint="set FLINK_HOME to the directory of a Flink 2.2 distribution",
        )
    return Path(spec.origin).parent


def config(settings: Settings, home: Path | None = None) -> Config:
    """Return Flink's configuration for the cluster of these settings.

    Args:
        settings: without ``[cluster]`` its defaults hold.
        home: the distribution whose own ``config.yaml`` is the base; default: `flink_home`.
    """
    cluster = settings.cluster or ClusterSettings()
    shipped = read_yaml((home or flink_home()) / "conf" / "config.yaml")
    options = {name: value for name, value in shipped.items() if name not in _NOT_SHIPPED}
    whole = settings.model_copy(update={"cluster": cluster})
    options |= options_of(whole) | defaults("job", whole) | defaults("cluster", whole)
    if settings.state:
        options |= _state(settings.state, cluster)
    java_options = [str(shipped.get(JAVA_OPTIONS, "")), f"-Djava.io.tmpdir={cluster.temp_dir}"]
    for setting, problem in kafka_clusters.contradictions_in_a_cluster(settings):
        raise SettingsError(
            f"{setting} {problem}", hint="`flinksec settings reference` lists every setting"
        )
    java_options += kerberos.jvm_arguments(settings)
    options[JAVA_OPTIONS] = " ".join([java_options[0], *map(shlex.quote, java_options[1:])]).strip()
    _refuse_what_cluster_decides(settings)
    given = dict(settings.flink)
    if added := given.pop(JAVA_OPTIONS, None):
        # In addition: without the shipped --add-opens no Python job runs on Java 17.
        options[JAVA_OPTIONS] = f"{options[JAVA_OPTIONS]} {added}"
    return laid_over(given, options)


def _refuse_what_cluster_decides(settings: Settings) -> None:
    """Without ``[cluster]`` the settings may be of a local run, and say there what it decides."""
    sealed = settings.state is not None and settings.state.sealed
    giving = Giving(sealed=sealed, cluster=True)
    of_clusters = list(contradictions_in_a_cluster(settings))
    if of_clusters:
        listed = "; ".join(f"{setting} {problem}" for setting, problem in of_clusters)
        raise SettingsError(listed, hint="`flinksec settings reference` lists every setting")
    found = list(refused_in_flink(settings.flink, giving, decided_by(type(settings))))
    if found:
        listed = "; ".join(
            f"flink.{key} ({settings.origin(f'flink.{key}')}) {problem}" for key, problem in found
        )
        raise SettingsError(listed, hint="`flinksec settings reference` lists every setting")


def role_options(settings: Settings, role: Role) -> Config:
    """Return the options whose value the two kinds of processes do not share."""
    cluster = settings.cluster or ClusterSettings()
    ports = {
        "jobmanager": cluster.jobmanager_metrics_port,
        "taskmanager": cluster.taskmanager_metrics_port,
    }
    return {QUERY_PORT: ports[role]}


def read_yaml(path: Path) -> Config:
    """Read a ``config.yaml``, whose options may be nested or dotted.

    Raises:
        SettingsError: it cannot be read or is not a mapping of options.
    """
    text = read_text(path, "Flink's configuration", SETTINGS, error=SettingsError)
    return from_yaml(text, escaped(path))


def from_yaml(text: str, where: str) -> Config:
    """Return the options of the text of a ``config.yaml`` by their full names.

    Raises:
        SettingsError: it is not a mapping of options.
    """
    try:
        documents = yaml_documents(text)
    except ParseError as error:
        raise SettingsError(
            f"Flink's configuration {where} is not YAML: {error}",
            hint="`flinksec cluster conf` prints one",
        ) from None
    if len(documents) > 1:
        raise SettingsError(
            f"Flink's configuration {where} has {len(documents)} documents",
            hint="remove the lines ---, as Flink reads one document only",
        )
    return from_mapping((documents or [None])[0] or {}, where)


def from_mapping(content: object, where: str) -> Config:
    """Return the options of a parsed ``config.yaml`` by their full names."""
    if not isinstance(content, Mapping):
        raise SettingsError(f"Flink's configuration {where} is not a mapping of options")
    try:
        options = flattened(content)
    except SettingsError as error:
        raise SettingsError(
            f"Flink's configuration {where}: {error.message}", hint=error.hint
        ) from None
    return {
        name: value if isinstance(value, bool | int | float | str) else _as_text(value)
        for name, value in options.items()
        if value is not None
    }


def as_yaml(options: Mapping[str, object]) -> str:
    """Return the text of a ``config.yaml``, one option a line, in the order of their names."""
    return yaml_text([{name: options[name] for name in sorted(options)}])


def _as_text(value: object) -> str:
    """Write a list as Flink does."""
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _state(state_settings: StateSettings, cluster: ClusterSettings) -> Config:
    """Where state goes, by a job that does not say so itself; a `SecureJob` does."""
    options: Config = {
        "execution.checkpointing.dir": state.job_directory(state_settings, "checkpoints"),
        "execution.checkpointing.savepoint-dir": f"{state_settings.uri}/{SAVEPOINTS}",
        "flinksec.sealed.job": cluster.cluster_id,
    }
    if cluster.high_availability != "none":
        options["high-availability.storageDir"] = f"{state_settings.uri}/{HIGH_AVAILABILITY}"
    return options
