# SPDX-License-Identifier: Apache-2.0
"""The reporters of metrics that a process starts: ours, and that for Prometheus."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flinksec_jobs import tls
from flinksec_jobs.certificate_dates import check_dates, check_trusted_dates
from flinksec_jobs.cluster.flink_conf import SAVEPOINTS, Config, Role
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.monitoring import watched
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import ClusterSettings, Settings
from flinksec_jobs.settings.cluster_metrics import METRICS_FILES, PROMETHEUS, prometheus_options

_LIST = "metrics.reporters"
_PLUGIN = "metrics-prometheus"
_SETTING = "cluster.metrics.tls"
_SOON = timedelta(days=14)
_UNUSABLE = problem(
    "metrics-certificate-unusable", "the certificate of the metrics' port cannot be used"
)


def at_start(settings: Settings, role: Role, config: Config) -> Config:
    """Return the options of our reporters.

    They are no part of ``config.yaml``, as the two kinds of processes do not watch the same.

    Args:
        settings: what is watched, and shown to whom.
        role: the kind of process.
        config: all other options. Those that stand there, by ``-D``, win.
    """
    cluster = settings.cluster or ClusterSettings()
    lines = [*watched.of_process(settings, role), *watched.of_job(settings)]
    if settings.state:
        lines.append(watched.savepoints(f"{settings.state.uri}/{SAVEPOINTS}"))
    found: Config = {**watched.gauges(lines), **prometheus_options(cluster.metrics)}
    if _is_over_tls(settings):
        found[f"{PROMETHEUS}.host"] = cluster.bind_host
    ours = [key.split(".")[2] for key in found if key.endswith(".factory.class")]
    found = {key: value for key, value in found.items() if key not in config}
    if listed := str(config.get(_LIST, "")):
        # Flink starts those in the list alone.
        given = [name.strip() for name in listed.split(",")]
        found[_LIST] = ",".join(dict.fromkeys([*given, *ours]))
    return found


def jars(settings: Settings, home: Path) -> list[str]:
    """Return what the reporter over TLS is made of: Flink's own for Prometheus, which it extends.

    As a plugin it would have a class loader of its own, in which ours is not.

    Raises:
        FlinkSecError: this Flink lacks it.
    """
    if not _is_over_tls(settings):
        return []
    directory = home / "plugins" / _PLUGIN
    found = [str(jar) for jar in sorted(directory.glob("*.jar"))]
    if not found:
        raise FlinkSecError(
            f"cluster.metrics.prometheus is mutual-tls, and {directory} has no jar",
            hint="use a whole distribution of Flink, or leave cluster.metrics out",
        )
    return found


def not_as_plugins(settings: Settings) -> Collection[str]:
    """Return the plugins that `jars` has on the class path."""
    return (_PLUGIN,) if _is_over_tls(settings) else ()


def check(settings: Settings, now: datetime | None = None) -> Iterator[Finding]:
    """Judge the certificate of the metrics' port as the reporter reads it."""
    if not _is_over_tls(settings):
        return
    now = now or datetime.now(UTC)
    certificate, key, ca = (
        (settings.cluster or ClusterSettings()).metrics.tls / name for name in METRICS_FILES
    )
    try:
        chain = tls.load_certificates(certificate, _SETTING)
        private = tls.load_private_key(SecretFile(key), _SETTING)
        trusted = tls.load_certificates(ca, _SETTING)
    except FlinkSecError as error:
        yield _UNUSABLE.of(error, Where(setting=_SETTING))
        return
    where = Where(setting=_SETTING, file=str(certificate))
    if not tls.belongs_to(private, chain[0]):
        yield _UNUSABLE.at(
            where, f"{key.name} is another certificate's", fix="`flinksec certs metrics` makes both"
        )
    yield from check_dates(chain[0], where, now, _SOON)
    yield from check_trusted_dates(trusted, Where(setting=_SETTING, file=str(ca)), now, _SOON)


def _is_over_tls(settings: Settings) -> bool:
    return (settings.cluster or ClusterSettings()).metrics.prometheus == "mutual-tls"
