# SPDX-License-Identifier: Apache-2.0
"""`load_settings`: the only reader of settings files and of the environment."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import SETTINGS, read_text
from flinksec_jobs.findings import Finding
from flinksec_jobs.parsing import ParseError, toml
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.sections.fields import flattened, is_for_a_shell
from flinksec_jobs.settings import environment, schema
from flinksec_jobs.settings.models import Settings
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink
from flinksec_jobs.settings.problems import settings_error, translate, wrong_setting

_FILE_VARIABLE = "FLINKSEC_SETTINGS"

Layer = Iterator[tuple[schema.SettingPath, object]]


def load_settings(
    path: Path | str | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings.

    A setting is taken from `overrides`, else from its ``FLINKSEC_*`` variable, else from the
    file, else it has its default. What is given wins even when it is false, empty or nothing.
    Single keys of the free tables (`flink`, `kafka.properties`) are merged, lists are replaced.

    Args:
        path: a TOML file; without it the one that ``FLINKSEC_SETTINGS`` names, if it does.
            Relative paths in the file are relative to the file.
        overrides: sections as mappings or models, or single settings by their dotted names
            (``{"state.checkpoint_interval": "1 s"}``).
        environ: the environment, by default this process's. ``FLINKSEC_KAFKA__CA_CERTS`` sets
            ``kafka.ca_certs``; `flinksec_jobs.settings.environment` tells the rest.

    Returns:
        The settings; `Settings.origin` tells where each value comes from.

    Raises:
        SettingsError: the file cannot be read, a setting or a variable is unknown, missing or
            wrong. One error lists all problems, each with its origin.
    """
    environ = os.environ if environ is None else environ
    values: dict[schema.SettingPath, object] = {}
    origins: dict[schema.SettingPath, str] = {}
    source = _source(path, environ)
    if source is not None:
        for place, value in _from_file(source, named_by=None if path else _FILE_VARIABLE):
            _set(values, origins, place, value, str(source))
    variables, problems = environment.read(environ)
    for place, value, variable in variables:
        _set(values, origins, place, value, variable)
    for place, value in _from_mapping(overrides or {}):
        _set(values, origins, place, value, "argument")
    _pass_on_krb5_conf(values, origins)
    return _build(values, origins, problems, source)


def parse(text: str, name: str, base: Path) -> Settings:
    """Read settings from the text of a file that lies elsewhere; the environment does not count.

    Args:
        text: TOML.
        name: of the file, for messages.
        base: the directory that the file will lie in, for its relative paths.

    Raises:
        SettingsError: as `load_settings`.
    """
    values: dict[schema.SettingPath, object] = {}
    origins: dict[schema.SettingPath, str] = {}
    for place, value in _from_text(text, f"the settings file {escaped(name)}", base):
        _set(values, origins, place, value, name)
    _pass_on_krb5_conf(values, origins)
    return _build(values, origins, [], Path(name))


def _pass_on_krb5_conf(
    values: dict[schema.SettingPath, object], origins: dict[schema.SettingPath, str]
) -> None:
    """Let the file of ``[kerberos]`` count for each ``[kerberos.NAME]`` that names none."""
    base = ("kerberos", "krb5_conf")
    for place in list(values):
        if schema.is_named(place) and place[0] == "kerberos" and base in values:
            inner = (*place[:2], "krb5_conf")
            if inner not in values:
                values[inner], origins[inner] = values[base], origins[base]


def _build(
    values: Mapping[schema.SettingPath, object],
    origins: Mapping[schema.SettingPath, str],
    problems: list[Finding],
    source: Path | None,
) -> Settings:
    named = {".".join(place): origin for place, origin in origins.items()}
    error: SettingsError | None = None
    tree = _nested(values)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as found:
        told = [*problems, *translate(found, named)]
        error = settings_error([*told, *_refused_in_flink(tree.get("flink"), named, told)])
    else:
        if problems:
            error = settings_error(problems)
    if error is not None:
        # Outside of the handler: pydantic's error holds the values, and must not be chained.
        raise error
    settings._origins.update(named)
    settings._source = str(source) if source else None
    return settings


def _refused_in_flink(
    given: object, origins: Mapping[str, str], told: Sequence[Finding]
) -> Iterator[Finding]:
    """Judge ``[flink]`` beside other problems, which keep the settings from doing it.

    What depends on other sections, such as sealed state, waits until these are right.
    """
    if not isinstance(given, Mapping):
        return
    try:
        options = flattened(given)
    except SettingsError:
        return  # told already
    giving = Giving(sealed=False, cluster=False)
    known = {one.where.setting for one in told}
    for key, problem in refused_in_flink(options, giving, decided_by(Settings)):
        if (setting := f"flink.{key}") not in known:
            yield wrong_setting(setting, problem, origins.get(setting))


def refuse_nothing(settings: Settings) -> None:
    """Refuse settings in which nothing is said: a file was forgotten, or is empty.

    Raises:
        SettingsError: no section was given, neither in a file nor in the environment.
    """
    if settings.model_fields_set:
        return
    if settings.source is None:
        raise SettingsError(
            "there are no settings: no file is named, and no FLINKSEC_ variable sets anything",
            hint="name the file, as an argument or in FLINKSEC_SETTINGS",
        )
    raise SettingsError(
        f"the settings file {settings.source} is empty",
        hint="`flinksec settings reference` lists what goes into it",
    )


def _source(path: Path | str | None, environ: Mapping[str, str]) -> Path | None:
    chosen = path or environ.get(_FILE_VARIABLE)
    return Path(chosen) if chosen else None


def _from_file(path: Path, *, named_by: str | None) -> Layer:
    what = f"the settings file of {named_by}" if named_by else "the settings file"
    text = read_text(path, what, SETTINGS, error=SettingsError)
    # Who named it matters only where there is none: `flinksec run --settings` sets the variable.
    yield from _from_text(text, f"the settings file {escaped(path)}", path.absolute().parent)


def _from_text(text: str, what: str, base: Path) -> Layer:
    try:
        table = toml(text)
    except ParseError as error:
        raise SettingsError(
            f"{what} is not TOML: {error}",
            hint='texts and paths stand in double quotes: keytab = "file:/etc/keytab"',
        ) from None
    for place, value in _from_mapping(table):
        setting = schema.find(place)
        is_relative = setting is not None and setting.is_path and isinstance(value, str)
        yield place, _rebased(str(value), base, setting) if is_relative else value


def _rebased(text: str, base: Path, setting: schema.Setting | None) -> str:
    """Make a relative path absolute; leave a URI, and a secret that is no reference, as it is."""
    seal = "sealed+" if text.startswith("sealed+") else ""
    scheme = "file:" if text.startswith("file:", len(seal)) else ""
    location = text.removeprefix(seal + scheme)
    is_secret = setting is not None and setting.is_secret
    if is_for_a_shell(text):
        return text  # and it is refused
    if not location or "://" in text or location.startswith("/") or (is_secret and not scheme):
        return text
    return f"{seal}{scheme}{base / location}"


def _from_mapping(table: Mapping[str, Any]) -> Layer:
    for dotted, value in table.items():
        place = schema.place_of(dotted)
        content = _given(value) if isinstance(value, BaseModel) else value
        if isinstance(content, Mapping):
            yield from _from_section(place, content)
        else:
            yield from _from_value(place, content)


def _from_section(place: schema.SettingPath, content: Mapping[str, Any]) -> Layer:
    section = ".".join(place)
    if schema.section_at(place) is None:
        yield from _from_value(place, content)
        return
    yield place, {}
    seen: dict[str, str] = {}
    for written, value in content.items():
        name = schema.canonical(section, written)
        if name in seen:
            raise SettingsError(f"{section}.{name} is given twice: {seen[name]} and {written}")
        seen[name] = written
        inner = _given(value) if isinstance(value, BaseModel) else value
        if isinstance(inner, Mapping):
            yield from _from_section((*place, name), inner)
        else:
            yield from _from_value((*place, name), inner)


def _from_value(place: schema.SettingPath, value: object) -> Layer:
    setting = schema.find(place)
    is_table = setting is not None and setting.is_table and place == setting.place
    if is_table and isinstance(value, Mapping):
        for key, inner in flattened(value).items():
            yield (*place, key), inner
    else:
        yield place, value


def _given(section: BaseModel) -> dict[str, Any]:
    return {name: getattr(section, name) for name in section.model_fields_set}


def _set(
    values: dict[schema.SettingPath, object],
    origins: dict[schema.SettingPath, str],
    place: schema.SettingPath,
    value: object,
    origin: str,
) -> None:
    """Put a value over what lower layers said about it, about parts of it, or about its whole."""
    is_opening = value == {} and schema.is_section(place)
    for other in list(values):
        is_whole = other == place[: len(other)] and values[other] != {}
        is_part = place == other[: len(place)] and not is_opening
        if is_whole or is_part:
            del values[other]
            origins.pop(other, None)
    values.setdefault(place, value)
    origins.setdefault(place, origin)


def _nested(values: Mapping[schema.SettingPath, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for place, value in sorted(values.items(), key=lambda item: len(item[0])):
        branch = tree
        for part in place[:-1]:
            branch = branch.setdefault(part, {})
        branch[place[-1]] = dict(value) if isinstance(value, dict) else value
    return tree
