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
from flinksec_jobs.records.declared import Declared
from flinksec_jobs.records.results import check_flat_map, check_results

PYFLINK = "2.2.1"
# Taken by the JVM's text decoder for a byte order mark when they come first.
_MARKS = ("\ufeff", "\ufffe")


def load(function: Any, wanted: Declared | None, name: str | None) -> Any:
    """Unpack a function where it runs.

    Args:
        function: PyFlink's function object.
        wanted: what its results have to be; None for anything.
        name: what to call it in messages; None for one whose results need no look.

    Returns:
        The function, which now checks its results.
    """
    prepare()
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


def _prepare_thread_mode() -> None:
    from pyflink.fn_execution.datastream.embedded import process_function
    from pyflink.fn_execution.embedded import converters, state_impl

    if converters.ArrayDataConverter.to_internal is _to_list:
        return
    converters.ArrayDataConverter.to_internal = _to_list
    converters.ArrayDataConverter.to_external = _to_tuple
    # Each of the three has its own name for it: keyed state, broadcast state, what is inside.
    made = _state_converters(converters)
    state_impl.from_type_info = process_function.from_type_info = made
    converters.from_type_info = made
    _keep_byte_order_marks(converters.findClass)


def _to_list(converter: Any, value: Any) -> Any:
    return None if value is None else [converter._field_converter.to_internal(v) for v in value]


def _to_tuple(converter: Any, value: Any) -> Any:
    if value is None:
        return None
    return tuple([converter._field_converter.to_external(v) for v in value])


def _state_converters(converters: Any) -> Any:
    """Return converters for values of keyed state, in which a text may begin with any character."""
    from pyflink.common.typeinfo import Types

    original = converters.from_type_info
    text = Types.STRING()

    class TextConverter(converters.IdentityDataConverter):  # type: ignore[misc]
        def to_external(self, value: Any) -> Any:
            # Reading it back takes one mark away.
            return "\ufeff" + value if value is not None and value[:1] in _MARKS else value

    def from_type_info(type_info: Any) -> Any:
        return TextConverter() if type_info == text else original(type_info)

    return from_type_info


def _keep_byte_order_marks(find_class: Any) -> None:
    """Let the JVM put a mark before a text that begins with one: its decoder takes one away."""
    thread = find_class("java.lang.Thread").currentThread()
    texts = thread.getContextClassLoader().loadClass("org.flinksec.rows.TextsForPython")
    texts.newInstance().run()
