# SPDX-License-Identifier: Apache-2.0
"""Settings from environment variables.

``FLINKSEC_KAFKA__SECURITY_PROTOCOL`` sets ``kafka.security_protocol``, and
``FLINKSEC_KAFKA__EAST__SECURITY_PROTOCOL`` ``kafka.east.security_protocol``. A list is separated by
commas, or is JSON. An empty value unsets an optional setting. A free table takes a JSON object
(``FLINKSEC_FLINK='{"rest.port": 8081}'``) or single keys, where ``__`` stands for a dot and
``_`` for a dash (``FLINKSEC_FLINK__REST__BIND_PORT`` is ``rest.bind-port``); a key with a dot in
it is taken as it is written.
"""

from collections.abc import Iterator, Mapping

from flinksec_jobs.findings import Finding
from flinksec_jobs.parsing import ParseError, json_value
from flinksec_jobs.sections.fields import flattened
from flinksec_jobs.settings import schema
from flinksec_jobs.settings.names import nearest
from flinksec_jobs.settings.problems import unknown_setting, wrong_setting

PREFIX = "FLINKSEC_"
NOT_SETTINGS = {
    "FLINKSEC_SETTINGS": "the settings file, when none is given",
    "FLINKSEC_CACHE": "directory of fetched jars",
    "FLINKSEC_JARS_DIR": "directory of jars for use without a network",
    "FLINKSEC_MAVEN_MIRROR": "where jars are fetched from",
    "FLINKSEC_LOG_DIR": "directory of log files",
    "FLINKSEC_LOG_FILE": "one log file for all jobs of a process",
    "FLINKSEC_JOB_LOG": "the log file of a local run's JVM, set by the library",
    "FLINKSEC_JOB_FILE": "the job of a job-cluster image, set by the image",
    "FLINKSEC_BUILD_ONLY": "set by `flinksec cluster check`, which builds a job alone",
    "FLINKSEC_KUSTOMIZE": "the kustomize that renders overlays",
    "FLINKSEC_MANIFEST_TOOLS": "programs that judge manifests, for the project's own tests",
    "FLINKSEC_POLICY_REFEREE": "a program that judges NetworkPolicies, for the project's own tests",
    "FLINKSEC_DASHBOARD_SCHEMA": "a program that judges dashboards, for the project's own tests",
    "FLINKSEC_TEST_BASE_IMAGE": "the base of the images that the project's own tests build",
    "FLINKSEC_UML_ROOT": "the root of the virtual machines of the project's own tests of NFS",
    "FLINKSEC_UML_PRELOAD": "a library for these virtual machines",
    "FLINKSEC_WYCHEPROOF": "directory of test vectors, for the project's own tests",
}

Given = tuple[schema.SettingPath, object, str]
"""Where a value belongs, the value, and the variable it comes from."""


def read(environ: Mapping[str, str]) -> tuple[list[Given], list[Finding]]:
    """Return the settings of the environment, and what is wrong with them."""
    found: list[Given] = []
    problems: list[Finding] = []
    # Sorted, so that a single key comes after the table it belongs to, and wins.
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        place = _place(name)
        setting = schema.find(place)
        if setting is None or not all(place):
            problems.append(unknown_setting(name, _unknown(name)))
            continue
        try:
            values = _values(place, setting, environ[name])
            found.extend((inner, value, name) for inner, value in values)
        except ValueError as error:
            why = f"; {error}" if isinstance(error, ParseError) else ""
            must = f"must be {_form(setting)}, to set {setting.name}{why}"
            problems.append(wrong_setting(name, must))
    return found, problems


def _place(variable: str) -> schema.SettingPath:
    section, *rest = variable.removeprefix(PREFIX).split("__")
    section = section.lower()
    if not rest:
        return (section,)
    if section not in schema.sections():
        return (section, _key("__".join(rest)))
    place: schema.SettingPath = (section,)
    while schema.section_at(place) is not None and rest:
        place = (*place, schema.canonical(".".join(place), rest.pop(0).lower()))
    return (*place, _key("__".join(rest))) if rest else place


def _key(text: str) -> str:
    return text if "." in text else text.lower().replace("__", ".").replace("_", "-")


def _values(
    place: schema.SettingPath, setting: schema.Setting, text: str
) -> Iterator[tuple[schema.SettingPath, object]]:
    if setting.is_table and place == setting.place:
        table = json_value(text or "{}")
        if not isinstance(table, dict):
            raise ValueError("not a table")
        for key, value in flattened(table).items():
            yield (*place, key), value
    elif setting.is_list:
        yield place, _items(text)
    else:
        yield place, None if setting.is_optional and not text else text


def _items(text: str) -> object:
    if text.lstrip().startswith("["):
        return json_value(text)
    return [item.strip() for item in text.split(",") if item.strip()]


def _form(setting: schema.Setting) -> str:
    return "a JSON object" if setting.is_table else "a list, by commas or as JSON"


def _unknown(variable: str) -> str:
    known = [setting.variable for setting in schema.settings()] + list(NOT_SETTINGS)
    place = _place(variable)
    section = schema.section_at(place[:2])
    if section is not None and schema.is_named(place) and len(place) > 2:  # noqa: PLR2004
        named = (schema.find((*place[:2], name)) for name in section.model_fields)
        known = [setting.variable for setting in named if setting is not None]
    is_like_a_setting = nearest(place[-1], section.model_fields if section else ())
    if all(place) and schema.section_at(place) is not None and not is_like_a_setting:
        return f"names a section: write {variable}__ and the name of a setting"
    # Without the prefix, which would make any two of them look alike.
    guess = nearest(
        variable.removeprefix(PREFIX).upper(), [name.removeprefix(PREFIX) for name in known]
    )
    return "sets no setting" + (f", did you mean {PREFIX}{guess}?" if guess else ": remove it")
