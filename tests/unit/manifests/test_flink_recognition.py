# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501  one container a line
"""Which containers are Flink's, by command, script, image, variables, ports and names."""

from __future__ import annotations

import pytest

from tests.unit.manifests.flink_inputs import (
    config_map,
    container,
    flink_findings,
    mounted,
    pod,
    programs_of,
    told,
)


@pytest.mark.parametrize(
    ("what", "program"),
    [
        ("args: [jobmanager]", "session"),
        ("{image: registry.corp/jobs/late:7, args: [standalone-job, --job-classname, A]}", "application"),
        ("command: [/docker-entrypoint.sh, taskmanager]", "taskmanager"),
        ("command: [/opt/flink/bin/kubernetes-jobmanager.sh, kubernetes-application]", "application"),
        ("command: [tini, --, /docker-entrypoint.sh, jobmanager]", "session"),
        ("command: [bash, -ec, 'cp a b; exec /docker-entrypoint.sh standalone-job']", "application"),
        ("command: [sh, -c, \"$FLINK_HOME/bin/taskmanager.sh start-foreground\"]", "taskmanager"),
        ("{command: [sh, -c, '/docker-entrypoint.sh \"$@\"', sh], args: [jobmanager]}", "session"),
        ("command: [sh, -c, 'until nc -z kdc 88; do sleep 1; done && jobmanager.sh start-foreground']", "session"),
        ("command: [java, -cp, x, org.apache.flink.runtime.taskexecutor.TaskManagerRunner]", "taskmanager"),
        ("command: [/docker-entrypoint.sh, bash, -c, taskmanager.sh start-foreground]", "taskmanager"),
        ("command: [bash, -c, 'start-cluster.sh && tail -f /dev/null']", "session"),
        ("args: [history-server]", "history-server"),
        ("args: [/opt/flink/bin/sql-gateway.sh, start-foreground]", "sql-gateway"),
        ("{image: bitnami/flink:2.0.0, env: [{name: FLINK_MODE, value: taskmanager}]}", "taskmanager"),
        ("{image: docker.io/bitnamilegacy/flink:2}", "session"),
        ("{image: acme/app, name: tm, env: [{name: FLINK_PROPERTIES, value: 'a: b'}]}", "taskmanager"),
        ("{image: acme/app, ports: [{containerPort: 6123}, {containerPort: 8081}]}", "session"),
        ("{image: acme/app, ports: [{containerPort: 6121}, {containerPort: 6122}]}", "taskmanager"),
        ("{name: jobmanager, command: [/start.sh]}", "session"),
        ("{image: acme/late, args: [cluster, jobmanager]}", "application"),
        ("{image: acme/late, volumeMounts: [{name: s, mountPath: /etc/flinksec/job}]}", "application"),
        ("{image: acme/late, name: taskmanager, volumeMounts: [{name: s, mountPath: /etc/flinksec/job}]}", "taskmanager"),
    ],
)  # fmt: skip
def test_a_program_of_flink_is_recognised(what: str, program: str) -> None:
    assert programs_of(pod(container(what))) == [program]


@pytest.mark.parametrize(
    "what",
    [
        "{image: busybox, command: [sh, -c, 'sleep 9; echo jobmanager up']}",
        "{image: busybox, command: [sh, -c, 'until nc -z flink-jobmanager 6123; do sleep 1; done']}",
        "command: [sh, -c, 'until curl -s http://jobmanager:8081; do sleep 1; done; flink run a.jar']",
        "{image: acme/flink-kubernetes-operator, command: [/docker-entrypoint.sh, operator]}",
        "{image: nginx, name: jobmanager-proxy, ports: [{containerPort: 8081}]}",
        "{image: acme/metrics, args: [--scrape, taskmanager]}",
        "command: [jobmanager.sh, stop]",
    ],
)
def test_what_only_speaks_of_flink_is_none(what: str) -> None:
    assert programs_of(pod(container(what))) == []


def test_an_init_container_that_waits_is_no_process() -> None:
    waits = container("{image: busybox, command: [sh, -c, 'nc -z jobmanager 8081']}")
    assert programs_of(pod(container("args: [jobmanager]"), initContainers=[waits])) == ["session"]


def test_a_script_in_a_config_map_is_read() -> None:
    script = config_map(
        "conf", start__sh="#!/bin/sh\nset -e\nexec taskmanager.sh start-foreground\n"
    )
    runs = mounted("command: [/scripts/start.sh]", "/scripts")
    assert programs_of(script, runs) == ["taskmanager"]


def test_a_mode_from_a_config_map_counts() -> None:
    one = container("{image: bitnami/flink, envFrom: [{configMapRef: {name: conf}}]}")
    assert programs_of(config_map(FLINK_MODE="taskmanager"), pod(one)) == ["taskmanager"]


def test_anyones_config_with_security_is_not_flinks() -> None:
    for content in ("security: {level: 1}\n", "rest: {port: 1}\nstate: on\n", "{unclosed"):
        assert not flink_findings(config_map(config__yaml=content))


@pytest.mark.parametrize(
    "command",
    [
        "[/opt/acme/run-it]",
        "[bash, /opt/acme/run-it.sh]",
        "[sh, -c, 'sleep 5; bash -x /opt/acme/run-it.sh']",
        "[sh, -c, 'echo jobmanager | xargs /opt/acme/run-it.sh']",
    ],
)
def test_flinks_image_with_an_unknown_program_is_said(command: str) -> None:
    assert told(pod(container(f"command: {command}"))).startswith("flink-unrecognised")


@pytest.mark.parametrize(
    "command",
    [
        "[bash, {}]",
        "[setsid, {}]",
        "[nice, -n, '5', {}]",
        "[sudo, -u, flink, {}]",
        "[env, -u, HOME, {}]",
        "[runuser, -u, flink, --, {}]",
        "[su, flink, -c, exec {}]",
        "[bash, -c, 'eval \"{}\"']",
        "[bash, -c, 'exec -a manager {}']",
    ],
)
def test_a_script_of_flink_is_seen_behind_programs_that_run_others(command: str) -> None:
    script = "/opt/flink/bin/taskmanager.sh"
    runs = f"{{image: acme/streaming, command: {command.format(script)}}}"
    assert programs_of(pod(container(runs))) == ["taskmanager"]


@pytest.mark.parametrize("command", ["[pgrep, -f, {}]", "[sh, -c, 'ls {}; sleep 9']"])
def test_a_script_of_flink_that_is_only_named_does_not_run(command: str) -> None:
    script = "/opt/flink/bin/taskmanager.sh"
    runs = f"{{image: acme/streaming, command: {command.format(script)}}}"
    assert programs_of(pod(container(runs))) == []


def test_an_open_sql_gateway_is_named_and_one_on_loopback_is_not() -> None:
    option = "-Dsql-gateway.endpoint.rest.address="
    for address, is_open in (("0.0.0.0", True), ("localhost", False)):
        found = flink_findings(
            pod(container(f"args: [sql-gateway.sh, start-foreground, '{option}{address}']")),
            rule="flink-sql-gateway",
        )
        assert bool(found) == is_open


def test_a_history_server_without_client_certificates_is_named() -> None:
    asks = "security.ssl.rest.truststore: /t\nhistoryserver.web.ssl.enabled: true\n"
    closed = "security.ssl.rest.enabled: true\nsecurity.ssl.rest.authentication-enabled: true\n"
    for content, is_open in ((closed, True), (closed + asks, False)):
        found = told(
            config_map(config__yaml=content),
            mounted("args: [history-server]"),
            rule="flink-history-server",
        )
        assert bool(found) == is_open
