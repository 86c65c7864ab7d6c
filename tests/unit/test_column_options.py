# SPDX-License-Identifier: Apache-2.0
"""Options of Parquet and ORC: how much an open file holds in memory."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs import formats
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats.orc import Orc
from flinksec_jobs.formats.parquet import Parquet


@pytest.mark.parametrize("size", [0, 65_535, 1 << 31, "64 MiB", 1e6, None])
def test_a_size_that_no_file_holds_in_memory_is_refused(size: Any) -> None:
    with pytest.raises(SettingsError, match=r"row_group_size=.* of Parquet is no size"):
        Parquet(row_group_size=size)
    with pytest.raises(SettingsError, match=r"stripe_size=.* of ORC is no size"):
        Orc(stripe_size=size)


def test_files_of_columns_can_be_merged_and_say_what_is_in_them() -> None:
    for name in ("parquet", "orc", "avro"):
        form = formats.for_files(name).files()
        assert form.merger is not None
        assert form.columns is not None
    for name in ("json", "csv", "raw"):
        form = formats.for_files(name).files()
        assert form.merger is not None
        assert form.columns is None


def test_orc_is_for_files_and_nothing_else() -> None:
    assert formats.can(Orc, "file_reader")
    for part in ("decoder", "encoder"):
        assert not formats.can(Orc, part)
    assert list(Orc().files().compressions) == ["zstd", "snappy", "zlib", "lz4", "none"]
