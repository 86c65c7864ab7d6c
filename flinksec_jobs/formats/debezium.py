# SPDX-License-Identifier: Apache-2.0
"""Debezium: changes of rows of a database, in its envelope, in JSON."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, get_args

from flinksec_jobs import choices
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats import Format, Reading, Writing
from flinksec_jobs.runtime import jvm

Updates = Literal["after", "both"]
TimeUnit = Literal["ms", "us", "ns"]
Decimals = Literal["text", "base64"]
_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_PREFIX = "debezium."
_TELL = ("op", "kind")


@dataclass(frozen=True)
class Debezium(Format):
    """Changes of the rows of a table: the record class describes a row, the envelope the change.

    The schema that Kafka Connect may put around a message is found by itself; what it says of
    times and decimals counts, and the options below do only without one.

    Attributes:
        updates: what an update is: one row, that after it, or both, that before it first. It is
            so for what is written, too: ``both`` writes an update as a delete and an insert.
        time_unit: of a ``datetime`` that is a number.
        decimals: what a ``Decimal`` in a string is: a number in ``text``, or Debezium's own
            ``base64`` of its digits, for which the field has to declare its scale.
        op_field: the field that says which change is written: ``c``, ``r``, ``u`` or ``d``; it is
            no part of the row. Default: the kind of the row says it.
        schema_name: writes each message with a schema of this name around it, ``shop.orders``.
            Default: without one.
    """

    metadata_prefix: ClassVar[str] = _PREFIX
    of_changes: ClassVar[bool] = True

    updates: Updates = "after"
    time_unit: TimeUnit = "ms"
    decimals: Decimals = "text"
    op_field: str | None = None
    schema_name: str | None = None
    _in_a_table: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse options that can be none.

        Raises:
            SettingsError: it names the option.
        """
        choices.require("updates", self.updates, get_args(Updates))
        choices.require("time_unit", self.time_unit, get_args(TimeUnit))
        choices.require("decimals", self.decimals, get_args(Decimals))

    def decoder(self, reading: Reading) -> Any:
        """Return what reads a change.

        Raises:
            SettingsError: the rows would not say which change they are, or it is a key.
        """
        _require_value(reading.part)
        sources = {
            field: source.removeprefix(_PREFIX) for field, source in reading.metadata.items()
        }
        tell = ("kind",) if self.updates == "both" else _TELL
        if not self._in_a_table and not set(tell) & set(sources.values()):
            raise SettingsError(
                f"no field of {reading.record.__name__} says which change a row is, so a deleted "
                "row would pass for any other",
                hint=f'add one: metadata={{"op": "{_PREFIX}{tell[0]}"}}',
            )
        return jvm.view().org.flinksec.formats.debezium.DebeziumDecoder.factory(
            self.updates == "both",
            _PER_SECOND[self.time_unit],
            self.decimals == "base64",
            jvm.string_map(sources),
        )

    def in_a_table(self) -> Debezium:
        """Return it as a table reads it.

        Raises:
            SettingsError: it leaves out what a table needs to take a row away.
        """
        if self.updates != "both":
            raise SettingsError(
                f"updates={self.updates!r} of Debezium does not tell a table which row an update "
                "replaces",
                hint='write Debezium(updates="both")',
            )
        return replace(self, _in_a_table=True)

    def encoder(self, writing: Writing) -> Any:
        """Return what writes a change.

        Raises:
            SettingsError: it is a key.
        """
        _require_value(writing.part)
        return jvm.view().org.flinksec.formats.debezium.DebeziumEncoder.factory(
            self.op_field or "", self.updates == "both", self.schema_name or ""
        )


FORMAT = Debezium


def _require_value(part: str) -> None:
    if part != "value":
        raise SettingsError(
            "key_format='debezium' is none: the envelope is that of a value",
            hint='write key_format="json" for the key that Debezium gives a record',
        )
