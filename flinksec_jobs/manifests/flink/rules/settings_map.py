# SPDX-License-Identifier: Apache-2.0
"""The settings of a job in a ConfigMap, and whether Flink's configuration beside them is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flinksec_jobs.cluster.entrypoint import Mounts
from flinksec_jobs.cluster.flink_conf_drift import drift
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.manifests.flink.flink_processes import FlinkProcess, processes
from flinksec_jobs.manifests.kube.objects import Manifests, Object, Place, mapping, text
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings import Settings, parse
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink

_KEY = Mounts().settings.name


@rule(
    "flink-settings",
    why="the job's settings cannot be used, and its processes refuse to start",
    fix="`flinksec settings check` says the same before they are deployed",
)
def _settings(manifests: Manifests) -> Iterator[Place]:
    for entry in dict(_mounted(manifests)).values():
        try:
            parsed(entry)
        except FlinkSecError as error:
            yield entry.at(f"data[{_KEY}]", error.message)


@rule(
    "flink-config-drift",
    why="Flink's configuration differs from the settings: the processes refuse it",
    fix="make it anew: flinksec cluster conf --settings settings.toml > config.yaml",
)
def _drift(manifests: Manifests) -> Iterator[Place]:
    told = set()
    for process, entry in _mounted(manifests):
        config = process.config
        if config is None or config.error or (id(config.object), id(entry)) in told:
            continue
        told.add((id(config.object), id(entry)))
        try:
            settings = parsed(entry)
        except FlinkSecError:
            continue  # the rule above names it
        for found in drift(config.options, settings):
            yield config.at(str(found.where.field), found.why)


@rule(
    "flink-options-refused",
    why="an option in the arguments contradicts the settings: the process refuses it",
    fix="say it in the settings, and make config.yaml anew",
)
def _options(manifests: Manifests) -> Iterator[Place]:
    for process, entry in _mounted(manifests):
        try:
            state = parsed(entry).state
        except FlinkSecError:
            continue  # the rule above names it
        sealed = state is not None and state.sealed
        giving = Giving(sealed=sealed, cluster=True, process=True)
        for key, problem in refused_in_flink(process.arguments, giving, decided_by(Settings)):
            yield process.container.at("args", f"-D {key} {problem}")


def _mounted(manifests: Manifests) -> Iterator[tuple[FlinkProcess, Object]]:
    """Our processes, and the ConfigMaps of settings that they mount."""
    for process in processes(manifests):
        for _, volume in process.pod.volumes:
            name = text(mapping(volume.get("configMap")).get("name"))
            entry = manifests.find("ConfigMap", name, process.pod.owner.namespace) if name else None
            if process.is_ours and entry and _KEY in mapping(entry.content.get("data")):
                yield process, entry


def mounted_settings(manifests: Manifests) -> Iterator[Object]:
    """Yield the ConfigMaps of settings that our processes mount, each once."""
    yield from {id(entry): entry for _, entry in _mounted(manifests)}.values()


def parsed(entry: Object) -> Settings:
    """Return the settings in a ConfigMap.

    Raises:
        FlinkSecError: they cannot be used.
    """
    content = text(mapping(entry.content.get("data")).get(_KEY))
    return parse(content, _KEY, Path(Mounts().settings.parent))
