# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501  one container a line
"""Flink's configuration, wherever it comes from, as Flink puts it together."""

from __future__ import annotations

import base64

import pytest

from flinksec_jobs.manifests import Manifests
from flinksec_jobs.manifests.flink.flink_processes import FlinkProcess, processes
from flinksec_jobs.manifests.kube.objects import Object
from tests.unit.manifests.flink_inputs import (
    CLOSED,
    CONF,
    config_map,
    container,
    mounted,
    pod,
    told,
)


def _process(*objects: Object) -> FlinkProcess:
    (found,) = processes(Manifests(list(objects)))
    return found


@pytest.mark.parametrize(
    ("path", "volume"),
    [
        (CONF, {"configMap": {"name": "conf"}}),
        (f"{CONF}/", {"projected": {"sources": [{"configMap": {"name": "conf"}}]}}),
        (CONF, {"configMap": {"name": "conf", "items": [{"key": "config.yaml", "path": "config.yaml"}]}}),
    ],
)  # fmt: skip
def test_a_mounted_configuration_is_found(path: str, volume: dict[str, object]) -> None:
    pods = mounted("args: [standalone-job]", path, volume)
    assert not told(config_map(config__yaml=CLOSED), pods, rule="flink-config-")


def test_a_key_of_another_name_is_found_by_its_item_and_by_a_sub_path() -> None:
    other = config_map(**{"the-flink-config": CLOSED})
    items = [{"key": "the-flink-config", "path": "config.yaml"}]
    by_item = mounted("args: [jobmanager]", volume={"configMap": {"name": "conf", "items": items}})
    one = container("args: [jobmanager]")
    one["volumeMounts"] = [
        {"name": "conf", "mountPath": f"{CONF}/config.yaml", "subPath": "the-flink-config"}
    ]
    by_sub_path = pod(one, volumes=[{"name": "conf", "configMap": {"name": "conf"}}])
    for pods in (by_item, by_sub_path):
        assert _process(other, pods).options["security.ssl.rest.enabled"] == "true"


def test_a_directory_of_its_own_is_followed() -> None:
    env = "env: [{name: FLINK_CONF_DIR, value: /etc/flink}]"
    pods = mounted(f"{{args: [jobmanager], {env}}}", "/etc/flink")
    assert not told(config_map(config__yaml=CLOSED), pods, rule="flink-config-")


def test_what_the_file_of_the_image_says_is_not_called_lost() -> None:
    found = told(pod(container("args: [jobmanager]")))
    assert "internal-tls-off" in found
    assert "add-opens-lost" not in found


def test_a_configuration_that_lies_elsewhere_is_missing() -> None:
    found = told(
        config_map(config__yaml=CLOSED),
        mounted("args: [jobmanager]", "/opt/flink/cnf"),
        rule="flink-config-missing",
    )
    assert "ConfigMap/conf is mounted at /opt/flink/cnf, where Flink does not look" in found


def test_an_item_that_is_not_mounted_is_missing() -> None:
    items = [{"key": "log4j-console.properties", "path": "log4j-console.properties"}]
    found = told(
        config_map(config__yaml=CLOSED, **{"log4j-console.properties": "a = b"}),
        mounted("args: [jobmanager]", volume={"configMap": {"name": "conf", "items": items}}),
        rule="flink-config-missing",
    )
    assert "is mounted at /opt/flink/conf without config.yaml" in found


@pytest.mark.parametrize(
    "volume",
    [
        {"configMap": {"name": "of-others"}},
        {"secret": {"secretName": "of-others"}},
        {"emptyDir": {}},
        {"persistentVolumeClaim": {"claimName": "c"}},
    ],
)
def test_a_configuration_from_elsewhere_is_said_not_to_be_looked_at(
    volume: dict[str, object],
) -> None:
    found = told(mounted("args: [jobmanager]", volume=volume))
    assert "flink-config-unseen" in found
    assert "internal-tls-off" not in found


def test_a_configuration_in_a_secret_is_read() -> None:
    coded = base64.b64encode(CLOSED.encode()).decode()
    secret = Object(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "conf", "namespace": "jobs"},
            "data": {"config.yaml": coded},
        }
    )
    pods = mounted("args: [jobmanager]", volume={"secret": {"secretName": "conf"}})
    assert _process(secret, pods).options["security.ssl.rest.enabled"] == "true"


def test_what_cannot_be_parsed_is_said_with_its_line_and_not_blamed_on_tls() -> None:
    for content in (
        CLOSED + "rest.port: 1\nrest.port: 2\n",
        "jobmanager:\n\t- a\n",
        "- rest.port\n",
    ):
        found = told(config_map(config__yaml=content), mounted("args: [standalone-job]"))
        assert "flink-config-unreadable" in found
        assert "tls-off" not in found
    twice = config_map(config__yaml=CLOSED + "rest.port: 1\nrest.port: 2\n")
    assert "line 5" in told(twice, mounted("args: [jobmanager]"), rule="flink-config-unreadable")


@pytest.mark.parametrize(
    "what",
    [
        "args: [jobmanager, -Dsecurity.ssl.internal.enabled=false]",
        "args: [jobmanager, -D, security.ssl.internal.enabled=false]",
        "command: [sh, -c, \"exec /docker-entrypoint.sh jobmanager -D 'security.ssl.internal.enabled=false'\"]",
        "{args: [jobmanager, $(OPTS)], env: [{name: OPTS, value: -Dsecurity.ssl.internal.enabled=false}]}",
        "{command: [sh, -c, 'jobmanager.sh start-foreground $OPTS'], env: [{name: OPTS, value: -Dsecurity.ssl.internal.enabled=false}]}",
    ],
)  # fmt: skip
def test_an_option_on_a_command_line_wins_and_its_place_is_named(what: str) -> None:
    found = told(config_map(config__yaml=CLOSED), mounted(what), rule="flink-configuration")
    where = "command" if "command:" in what else "args"
    assert f"Pod/it spec.containers[0].{where}" in found
    assert "-D security.ssl.internal.enabled is not true" in found


def test_flink_properties_count_where_the_entry_point_can_write_them() -> None:
    env = 'env: [{name: FLINK_PROPERTIES, value: "web.submit.enable: true\\nrest.port: 9\\n"}]'
    free = pod(container(f"{{args: [jobmanager], {env}}}"))
    assert _process(free).options["rest.port"] == "9"
    assert "env[0]: an option of Flink is not safe: web.submit.enable lets" in told(free)
    assert not told(free, rule="flink-entrypoint-variables")
    locked = mounted(f"{{args: [jobmanager], {env}}}")
    own = config_map(config__yaml=CLOSED)
    assert "rest.port" not in _process(own, locked).options
    assert told(own, locked, rule="flink-entrypoint-variables")
    past = pod(container(f"{{command: [jobmanager.sh, start-foreground], {env}}}"))
    assert told(past, rule="flink-entrypoint-variables")


def test_the_file_is_beaten_by_properties_and_those_by_dash_d() -> None:
    env = "env: [{name: FLINK_PROPERTIES, value: 'rest.port: 2'}]"
    assert _process(
        pod(container(f"{{args: [jobmanager, -Drest.port=3], {env}}}"))
    ).options["rest.port"] == "3"  # fmt: skip


@pytest.mark.parametrize(
    "env",
    [
        "{name: FLINK_ENV_JAVA_OPTS_JM, value: '-agentlib:jdwp=transport=dt_socket,address=*:5005'}",
        "{name: JVM_ARGS, value: '-Dcom.sun.management.jmxremote.port=9999'}",
        "{name: JAVA_TOOL_OPTIONS, value: '-Xrunjdwp:transport=dt_socket'}",
    ],
)
def test_a_variable_that_opens_java_is_named(env: str) -> None:
    found = told(pod(container(f"{{args: [jobmanager], env: [{env}]}}")))
    assert "flink-java-arguments jobs/Pod/it spec.containers[0].env[0]: " in found


def test_an_exported_variable_in_a_script_that_opens_java_is_named() -> None:
    line = "export JVM_ARGS=-agentlib:jdwp=address=5005; jobmanager.sh start-foreground"
    assert "jdwp" in told(
        pod(container(f"command: [sh, -c, '{line}']")), rule="flink-java-arguments"
    )


def test_a_script_that_writes_the_configuration_is_said_not_to_be_looked_at() -> None:
    line = "echo 'a: b' >> /opt/flink/conf/config.yaml; /docker-entrypoint.sh jobmanager"
    one = container("{}")
    one["command"] = ["sh", "-c", line]
    assert "a script writes it" in told(pod(one), rule="flink-config-unseen")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("high-availability.type: KUBERNETES", "kubernetes"),
        ("high-availability: kubernetes", "kubernetes"),
        (
            "high-availability.type: "
            "org.apache.flink.kubernetes.highavailability.KubernetesHaServicesFactory",
            "kubernetes",
        ),
        ("high-availability.type: ZooKeeper", "zookeeper"),
        ("recovery.mode: zookeeper", "zookeeper"),
        ("high-availability.type: com.acme.OwnFactory", "com.acme.OwnFactory"),
        ("high-availability.type: NONE", "none"),
        ("rest.port: 1", "none"),
    ],
)
def test_high_availability_is_what_flink_takes_it_for(given: str, kind: str) -> None:
    more = f"jobmanager.rpc.port: 6123\n{given}\nhigh-availability.storageDir: s3://b/h\n"
    objects = (config_map(config__yaml=more), mounted("args: [standalone-job]"))
    assert _process(*objects).high_availability == kind
    assert bool(told(*objects, rule="flink-high-availability")) == (kind == "none")


@pytest.mark.parametrize(
    ("image", "key", "is_wrong"),
    [
        ("flink:1.17", "flink-conf.yaml", False),
        ("flink:1.20-java17", "flink-conf.yaml", False),
        ("flink:1.20", "config.yaml", False),
        ("flink:1.17", "config.yaml", True),
        ("flink:2.2.1", "flink-conf.yaml", True),
        ("acme/job:1.4", "flink-conf.yaml", True),
        ("acme/job:7-flink-1.18", "flink-conf.yaml", False),
    ],
)
def test_the_name_of_the_file_is_judged_by_the_version(
    image: str, key: str, is_wrong: bool
) -> None:
    objects = (config_map(**{key: CLOSED}), mounted(f"{{image: '{image}', args: [jobmanager]}}"))
    assert bool(told(*objects, rule="flink-config-file")) == is_wrong


def test_flink_1_takes_the_old_option_for_tls_and_flink_2_does_not() -> None:
    content = config_map(**{"flink-conf.yaml": "security.ssl.enabled: true\n"})
    for image, is_closed in (("flink:1.17", True), ("flink:2.1", False)):
        found = told(content, mounted(f"{{image: '{image}', args: [jobmanager]}}"))
        assert ("internal-tls-off" not in found) == is_closed


def test_the_old_file_is_read_as_flink_reads_it() -> None:
    content = "rest.port: 1 # two\nrest.port: 3\n no colon\nenv.java.opts: -Da=b: c\n"
    pods = mounted("{image: 'flink:1.17', args: [jobmanager]}")
    options = _process(config_map(**{"flink-conf.yaml": content}), pods).options
    assert (options["rest.port"], options["env.java.opts"]) == ("3", "-Da=b: c")


def test_an_address_is_shown_whole_and_where_it_is_given() -> None:
    found = told(
        config_map(config__yaml=CLOSED),
        mounted("args: [jobmanager, -Djobmanager.rpc.address=10.1.2.3]"),
        rule="flink-address",
    )
    assert found.startswith("flink-address jobs/Pod/it spec.containers[0].args: ")
    assert found.endswith("-D jobmanager.rpc.address 10.1.2.3")
