# SPDX-License-Identifier: Apache-2.0
"""Options of formats are refused where they are written, by name, with what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats import Reading, Writing
from flinksec_jobs.formats.csv import Csv
from flinksec_jobs.formats.debezium import Debezium
from flinksec_jobs.formats.protobuf import Protobuf
from flinksec_jobs.formats.raw import Raw
from flinksec_jobs.records import record

ANY: Any = None


@record
class Row:
    id: int
    op: str


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Csv(columns="id"), "the columns='id' of Csv are no list of names"),
        (lambda: Csv(columns=["id", ""]), "the columns=['id', ''] of Csv are no list of names"),
        (lambda: Csv(delimiter="||"), "the delimiter='||' of Csv is not one character"),
        (lambda: Csv(delimiter=ANY), "the delimiter=None of Csv is not one character"),
        (lambda: Csv(delimiter="\n"), r"the delimiter='\n' of Csv is not one character"),
        (lambda: Csv(quote="😀"), "the quote='😀' of Csv is not one character"),
        (lambda: Csv(quote="\ud83d"), r"the quote='\ud83d' of Csv is not one character"),
        (lambda: Csv(quote=","), "delimiter and quote of Csv are the same character, ','"),
        (lambda: Csv(escape='"'), "quote and escape of Csv are the same character"),
        (lambda: Csv(null="a,b"), "the null='a,b' of Csv cannot stand in a column without quotes"),
        (lambda: Csv(null="\r"), r"the null='\r' of Csv cannot stand in a column"),
        (lambda: Raw(byte_order=ANY), "byte_order=None is not one of"),
        (lambda: Raw(int_bytes=3), "the int_bytes=3 of Raw is no length of a number"),
        (lambda: Raw(float_bytes=True), "the float_bytes=True of Raw is no length of a number"),
        (lambda: Protobuf("", "a.B"), "the descriptor_file='' of Protobuf is no file"),
        (lambda: Protobuf("a.desc", "."), "the message='.' of Protobuf is no name of a message"),
        (lambda: Debezium(updates=ANY), "updates=None is not one of"),
        (lambda: Debezium(time_unit=ANY), "time_unit=None is not one of"),
        (lambda: Debezium(decimals=ANY), "decimals=None is not one of"),
    ],
)
def test_an_option_that_can_be_none_is_refused_by_its_name(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        make()
    assert refused.value.message.startswith(message)
    assert refused.value.hint


def test_a_descriptor_file_that_cannot_be_read_is_told_by_its_option(tmp_path: Path) -> None:
    missing = Protobuf(tmp_path / "orders.desc", "shop.Order")
    with pytest.raises(SettingsError, match=r"descriptor_file of Protobuf .*orders\.desc"):
        missing._descriptors()
    (tmp_path / "orders.desc").write_bytes(b"\x0a\x00")
    assert missing._descriptors() == b"\x0a\x00"


def reading(**more: Any) -> Reading:
    return Reading(ANY, ("customers",), Row, **more)


@pytest.mark.parametrize(
    ("form", "metadata", "hint"),
    [
        (Debezium(), {}, '"debezium.op"'),
        (Debezium(), {"id": "debezium.source.lsn"}, '"debezium.op"'),
        (Debezium(updates="both"), {"op": "debezium.op"}, '"debezium.kind"'),
    ],
)
def test_changes_are_not_read_as_rows_that_do_not_say_which_change_they_are(
    form: Debezium, metadata: dict[str, str], hint: str
) -> None:
    with pytest.raises(
        SettingsError, match="no field of Row says which change a row is"
    ) as refused:
        form.decoder(reading(metadata=metadata))
    assert hint in str(refused.value.hint)


def test_the_envelope_of_debezium_is_no_key() -> None:
    with pytest.raises(SettingsError, match="key_format='debezium' is none"):
        Debezium().decoder(reading(part="key"))
    with pytest.raises(SettingsError, match="key_format='debezium' is none"):
        Debezium().encoder(Writing(None, "the Kafka topic t", part="key"))


def test_a_table_of_changes_needs_the_row_before_an_update_too() -> None:
    with pytest.raises(SettingsError, match="does not tell a table which row an update replaces"):
        Debezium().in_a_table()
    assert Debezium(updates="both").in_a_table() != Debezium(updates="both")
    assert Raw().in_a_table() == Raw()
