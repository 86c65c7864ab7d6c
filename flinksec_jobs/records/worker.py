# SPDX-License-Identifier: Apache-2.0
"""Where a job's functions run: bring PyFlink's converters to hand on each value as it is.

Each function of a job is sent with `load` around it, so that this comes before its first record,
in thread mode (inside the JVM) and in process mode. What is replaced is written for the one
release of PyFlink that this library is made for, and refuses any other.
"""

from __future__ import annotations

import sys
from typing import Any

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.records import (
    guard,
    natural,
    natural_arrivals,
    process_state,
    reduce_state,
    thread_state,
)
from flinksec_jobs.records.declared import Declared, Incoming
from flinksec_jobs.records.guard import Guard
from flinksec_jobs.records.results import check_flat_map, check_results

PYFLINK = "2.2.1"


def load(
    function: Any,
    wanted: Declared | None,
    name: str | None,
    comes: Incoming,
    guarded: Guard | None = None,
) -> Any:
    """Unpack a function where it runs.

    Args:
        function: PyFlink's function object.
        wanted: what its results have to be; None for anything.
        name: what to call it in messages; None for one whose results need no look.
        comes: what it gets, as far as that has to be made natural.
        guarded: what catches that it raises; None for nothing.

    Returns:
        The function, which now checks its results.
    """
    prepare()
    reduce_state.keep_name(function)
    if guarded is not None:
        guard.set_up(function, guarded)
    natural_arrivals.make_natural(function, comes)
    if name is not None:
        check_flat_map(function, name)
        check_results(function, wanted, name)
    return function


def prepare() -> None:
    """Replace what is wrong in PyFlink's conversions, once in a process.

    Raises:
        FlinkSecError: this PyFlink is another release than the one that this was written for.
    """
    require_pyflink()
    from pyflink.common import Row

    Row.__getattr__ = _field
    Row.get_fields_by_names = _leaving_by_names
    process_state.keep_natural()
    _let_states_expire()
    embedded = sys.modules.get("pyflink.fn_execution.embedded.operation_utils")
    if embedded is not None:
        _prepare_thread_mode()


def require_pyflink() -> None:
    """Refuse a PyFlink whose conversions nobody has compared with this code."""
    from pyflink.version import __version__

    if __version__ != PYFLINK:
        raise FlinkSecError(
            f"PyFlink {__version__} is installed, but flinksec_jobs needs {PYFLINK}",
            hint=f"install apache-flink=={PYFLINK}",
        )


def _field(row: Any, name: str) -> Any:
    """Read a field of a row whose name may begin with an underscore, as PyFlink's cannot."""
    own = row.__dict__
    try:
        return own["_values"][own["_fields"].index(name)]
    except (KeyError, ValueError, IndexError, AttributeError):
        raise AttributeError(name) from None


def _leaving_by_names(row: Any, names: list[str]) -> list[Any]:
    """Return the values of a row as they leave Python: process mode's converter asks for them."""
    own = row.__dict__
    # A row that a function in batches has received has its names from its class.
    values, fields = own["_values"], own.get("_fields") or getattr(type(row), "_fields", names)
    if (leave := own.get(natural.LEAVE)) is not None:
        values = leave(values)
    if fields == names:
        return values  # type: ignore[no-any-return]
    if missing := [name for name in names if name not in fields]:
        raise ValueError(f"a row has no fields {missing}, only {fields}")
    return [values[fields.index(name)] for name in names]


def _prepare_thread_mode() -> None:
    natural.Mode.inside_the_jvm = True
    from pyflink.fn_execution.datastream.embedded import process_function
    from pyflink.fn_execution.embedded import converters, state_impl

    if converters.ArrayDataConverter.to_internal is _to_list:
        return
    converters.ArrayDataConverter.to_internal = _to_list
    converters.ArrayDataConverter.to_external = _to_tuple
    converters.DictDataConverter.to_external = _to_dict
    converters.RowDataConverter.to_external = _to_pair
    # Each of the three has its own name for it: keyed state, broadcast state, what is inside.
    made = thread_state.choosing(converters)
    state_impl.from_type_info = process_function.from_type_info = made
    converters.from_type_info = made
    _convert_in_the_jvm(converters.findClass)


def _let_states_expire() -> None:
    """Let a state have a time to live: PyFlink asks a JVM for 30 days that nobody reads.

    The JVM that it would ask is one of the program that builds the job.
    """
    from pyflink.datastream.state import StateTtlConfig

    def init(strategy: Any, entries: int, period: Any = None) -> None:
        strategy._query_time_after_num_entries = entries
        strategy._periodic_compaction_time = period

    StateTtlConfig.CleanupStrategies.RocksdbCompactFilterCleanupStrategy.__init__ = init


def _to_list(converter: Any, value: Any) -> Any:
    return None if value is None else [converter._field_converter.to_internal(v) for v in value]


def _to_tuple(converter: Any, value: Any) -> Any:
    if value is None:
        return None
    to_external = converter._field_converter.to_external
    if type(value) is natural.SignedRows:
        return (value.signature, *[to_external(v) for v in value])
    return tuple([to_external(v) for v in value])


def _to_dict(converter: Any, value: Any) -> Any:
    if value is None:
        return None
    to_key, to_value = converter._key_converter.to_external, converter._value_converter.to_external
    made = {to_key(k): to_value(v) for k, v in value.items()}
    if type(value) is not natural.SignedRowsByName:
        return made
    return (value.signature, *[part for entry in made.items() for part in entry])


def _to_pair(converter: Any, value: Any) -> Any:
    if value is None:
        return None
    own = value.__dict__
    leave = own.get(natural.LEAVE)
    values = value._values if leave is None else leave(own["_values"])
    fields = zip(converter._field_data_converters, values, strict=False)
    return value.get_row_kind().value, tuple([each.to_external(item) for each, item in fields])


def _convert_in_the_jvm(find_class: Any) -> None:
    """Let the JVM hand over each value, also a text that begins with a byte order mark."""
    thread = find_class("java.lang.Thread").currentThread()
    values = thread.getContextClassLoader().loadClass("org.flinksec.rows.ValuesForPython")
    values.newInstance().run()
