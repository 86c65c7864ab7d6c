# SPDX-License-Identifier: Apache-2.0
"""Avro: by a schema file, or by a schema registry whose ids stand before each record."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flinksec_jobs import encoded_lines, schema_registry
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.files import SCHEMA, read_text
from flinksec_jobs.formats import Compression, FileForm, Format, Reading, Writing
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import SchemaRegistrySettings
from flinksec_jobs.uses import Question

if TYPE_CHECKING:
    from flinksec_jobs.findings import Finding
    from flinksec_jobs.settings import Settings
    from flinksec_jobs.uses import Use

Way = Literal["read", "write"]

_CODECS = {
    "deflate": Compression(),  # which each reader of Avro has to know
    "snappy": Compression(),
    "zstd": Compression(jars=("zstd",)),
    "none": Compression(),
}


@dataclass(frozen=True)
class Avro(Format):
    """Avro's binary form; without options, with the schema registry of the settings.

    Records are read by the schema that they were written with, and resolved to the record class
    as Avro's specification says: by the names of fields, with defaults for those that are missing.

    Attributes:
        schema_file: the schema that all records are written with. Without a registry it stands
            nowhere in the records; with one it is what the job writes.
        registry: whether records begin with the id of their schema in the schema registry; by
            default if there is no ``schema_file``.
        subject: under which schemas are registered, in place of ``subject_naming``.
        subject_naming: ``topic_name``, ``record_name`` or ``topic_record_name``; by default
            ``schema_registry.subject_naming``.
        record_name: what the schema of the record class is called, such as ``com.example.Flight``;
            by default as the class.
        use_latest: write with the newest schema of the subject, in place of the record class's.
    """

    schema_file: str | Path | None = None
    registry: bool | None = None
    subject: str | None = None
    subject_naming: Literal["topic_name", "record_name", "topic_record_name"] | None = None
    record_name: str = ""
    use_latest: bool = False
    # The JVM's readers and writers of what was asked for, which are asked before the job starts.
    _made: dict[tuple[Way, tuple[str, ...]], list[Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Refuse options that do not go together.

        Raises:
            SettingsError: it names them.
        """
        if self.use_latest and self.schema_file is not None:
            raise SettingsError(
                "Avro(use_latest=True) writes with the registry's schema, and not with schema_file",
                hint="leave one of the two out",
            )
        only = {"subject": self.subject, "subject_naming": self.subject_naming}
        given = [name for name, value in only.items() if value] + ["use_latest"] * self.use_latest
        if given and not self.is_registered:
            raise SettingsError(
                f"Avro({given[0]}=…) is about a schema registry, and a schema_file alone has none",
                hint="add registry=True, or leave it out",
            )

    @property
    def is_registered(self) -> bool:
        """Whether records name their schema by its id in a registry."""
        return self.schema_file is None if self.registry is None else self.registry

    def decoder(self, reading: Reading) -> Any:
        """Return what reads a record.

        Raises:
            SettingsError: there is no schema registry, or the schema file cannot be read.
        """
        java = jvm.view().org.flinksec.avro.AvroReading
        if not self.is_registered:
            if self.schema_file is None:
                raise SettingsError(
                    "Avro(registry=False) is read by the schema of a file, and has none",
                    hint='name it: Avro(schema_file="orders.avsc")',
                )
            return java.bare(self._text())
        registry = self._registry(reading.settings)
        name = self.record_name or reading.record.__name__
        pattern = self._subjects(registry, reading.part)
        topics = reading.topics or (() if "{topic}" in pattern else ("",))
        subjects = [pattern.replace("{topic}", topic).replace("{}", name) for topic in topics]
        made = java.registered(
            jvm.string_map(schema_registry.options(registry)),
            jvm.string_list(list(dict.fromkeys(subjects))),
        )
        self._made.setdefault(("read", reading.topics), []).append(made)
        return made

    def encoder(self, writing: Writing) -> Any:
        """Return what writes a record.

        Raises:
            SettingsError: there is no schema registry, or the schema file cannot be read.
        """
        java = jvm.view().org.flinksec.avro.AvroWriting
        if not self.is_registered:
            return java.bare(self._text(), self.record_name)
        assert writing.settings is not None  # noqa: S101  only files come without
        registry = self._registry(writing.settings)
        pattern = self._subjects(registry, writing.part)
        made = java.registered(
            jvm.string_map(schema_registry.options(registry)),
            pattern.replace("{topic}", writing.topic),
            self._text(),
            self.record_name,
            self.use_latest,
            registry.auto_register,
        )
        self._made.setdefault(("write", (writing.topic,)), []).append(made)
        return made

    def files(self) -> FileForm:
        """Return Avro's own files, each of which holds its schema; a registry has no part in them.

        Raises:
            SettingsError: the schema is one that only a registry has.
        """
        if self.use_latest:
            raise SettingsError(
                "Avro(use_latest=True) writes with a registry's schema, and files hold their own",
                hint="leave it out, or give the schema as schema_file",
            )
        return FileForm(
            ".avro", self._container, _CODECS, merger=self._merger, columns=self._columns
        )

    def file_reader(self, reading: Reading) -> Any:  # noqa: ARG002
        """Return what reads Avro's own files.

        Raises:
            SettingsError: an option names a schema, and files hold their own.
        """
        if self.schema_file is not None or self.use_latest:
            raise SettingsError(
                "Avro names a schema for files that are read, and each of them holds its own",
                hint='leave the options out: format="avro"',
            )
        return jvm.view().org.flinksec.avro.AvroRecords()

    def _container(self, writing: Writing) -> Any:
        encoded_lines.require_rows(writing.row_type, writing.target)
        return jvm.view().org.flinksec.avro.AvroFiles.of(
            writing.row_type,
            self._text(),
            self.record_name,
            writing.compression,
            writing.target,
        )

    def _columns(self, writing: Writing) -> Any:
        return jvm.view().org.flinksec.avro.AvroColumns(self._container(writing))

    def _merger(self, writing: Writing) -> Any:
        return jvm.view().org.flinksec.avro.MergedAvro(self._container(writing))

    def uses(self, settings: Settings, topics: tuple[str, ...], way: Way) -> tuple[Use, ...]:
        """Return the schema registry, and the question whether it has what fits."""
        if not self.is_registered:
            return ()
        used = schema_registry.client(settings)
        # A list for each use: the JVM of a job that used this format before may be gone.
        made = self._made[way, topics] = []
        return (replace(used, questions=(_question(made, topics, way),)),)

    def _registry(self, settings: Settings) -> SchemaRegistrySettings:
        return settings.need(SchemaRegistrySettings, "Avro without a schema_file")

    def _subjects(self, registry: SchemaRegistrySettings, part: str) -> str:
        """Return the subject; ``{topic}`` stands for the topic, ``{}`` for the record's name."""
        if self.subject:
            return self.subject
        naming = self.subject_naming or registry.subject_naming
        return {
            "topic_name": f"{{topic}}-{part}",
            "record_name": "{}",
            "topic_record_name": "{topic}-{}",
        }[naming]

    def _text(self) -> str:
        if self.schema_file is None:
            return ""
        return read_text(
            Path(self.schema_file),
            f"Avro(schema_file={os.fspath(self.schema_file)!r})",
            SCHEMA,
            error=SettingsError,
        )


FORMAT = Avro


def used_by_tables(settings: Settings, made: list[Any], way: Way) -> Use:
    """Return the schema registry as tables use it, and the question whether it has what fits.

    Args:
        settings: of the job.
        made: the Java ``AvroReading`` or ``AvroWriting`` of each.
        way: which of them.
    """
    used = schema_registry.client(settings)
    return replace(used, questions=(_question(made, (), way),))


_numbers = itertools.count(1)


def _question(made: list[Any], topics: tuple[str, ...], way: Way) -> Question:
    """Return what is asked about one use, when it is known what was made for it."""

    def ask(_: Sequence[str]) -> Iterable[Finding]:
        found: list[Finding] = []
        for one in made:
            found += schema_registry.answered(partial(_answer, one, way))
        return found

    return Question(
        id=f"schema-registry-{next(_numbers)}",
        label=f"the schema registry has the schemas to {way}",
        setting="schema_registry.urls",
        ask=ask,
        about=topics,
    )


def _answer(made: Any, way: Way) -> tuple[str, Sequence[str]]:
    problem = str(made.problem())
    return problem, [str(subject) for subject in made.absent()] if way == "read" else ()
