# SPDX-License-Identifier: Apache-2.0
"""`map_batches` and `process_batches`: functions that take a whole batch of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from flinksec_jobs.errors import JobError
from flinksec_jobs.functions import arrow_batches, received_records
from flinksec_jobs.functions.fast import Fast, of_stream
from flinksec_jobs.records import declared, row_type
from flinksec_jobs.records.field_types import FieldType, is_record_class
from flinksec_jobs.records.guard import Guarded

if TYPE_CHECKING:
    from pyflink.common.typeinfo import TypeInformation
    from pyflink.datastream import DataStream, KeyedStream

R = TypeVar("R")
O = TypeVar("O")  # noqa: E741
S = TypeVar("S")


@overload
def map_batches(
    stream: DataStream, fn: Callable[[list[R]], Iterable[O]], out: type[O] | TypeInformation
) -> DataStream: ...


@overload
def map_batches(
    stream: DataStream,
    fn: Callable[[Any], Any],
    out: type | TypeInformation,
    *,
    as_arrow: Literal[True],
) -> DataStream: ...


def map_batches(
    stream: DataStream,
    fn: Callable[..., Any],
    out: type | TypeInformation,
    *,
    as_arrow: bool = False,
) -> DataStream:
    """Return a stream of what a function makes of whole batches, one result for each record.

    ``map_batches(readings, scored, Scored)`` calls ``scored(records)`` with a list of records,
    which are instances of the class that the function's annotation or the stream names, and takes
    a list of as many results, in their order. Each has the time of its record. Which records come
    together is chance: a result may depend on its own record alone.

    Args:
        stream: of PyFlink, with keys or without.
        fn: the function. One that has the methods ``open(runtime_context)`` and ``close()`` is
            opened before its first batch, and closed.
        out: the record class of its results, or a type of PyFlink.
        as_arrow: whether the function takes a ``pyarrow.RecordBatch`` with a column for each field,
            and returns one, or a ``pyarrow.Table``, with the columns of ``out``, which is a class
            or row type then.

    Raises:
        JobError: the function takes records of another class than the stream has; or what is asked
            for cannot be Arrow data.
    """
    return _attached(stream, fn, out, one_each=True, state=None, as_arrow=as_arrow)


@overload
def process_batches(
    keyed: KeyedStream,
    fn: Callable[[list[R]], Iterable[O]],
    out: type[O] | TypeInformation,
    *,
    state: None = None,
) -> DataStream: ...


@overload
def process_batches(
    keyed: KeyedStream,
    fn: Callable[[list[R], S | None], tuple[Iterable[O], S | None]],
    out: type[O] | TypeInformation,
    *,
    state: type[S],
) -> DataStream: ...


def process_batches(
    keyed: KeyedStream,
    fn: Callable[..., Any],
    out: type[O] | TypeInformation,
    *,
    state: type | None = None,
) -> DataStream:
    """Return a stream of what a function makes of the records of each key in a batch.

    ``process_batches(by_user, add, Update, state=Total)`` calls ``add(records, total)`` for each
    key of a batch, with the key's records in their order, and takes any number of results and the
    new state: ``return updates, total``. The state is None before there is one, and where the
    function returns None for it, it is forgotten. Results have the time of the key's last record in
    the batch, and may go to side outputs, as ``(tag, value)``.

    Args:
        keyed: a stream with keys, as `key_by_field` or ``key_by`` makes it.
        fn: the function; without ``state`` it takes the records alone, and returns results alone.
            See `map_batches`.
        out: the record class of its results, or a type of PyFlink.
        state: the record class of its state.

    Raises:
        JobError: the stream has no keys, or the function takes records of another class.
    """
    return _attached(keyed, fn, out, one_each=False, state=state)


def _attached(
    stream: Any,
    fn: Callable[..., Any],
    out: Any,
    *,
    one_each: bool,
    state: type | None,
    as_arrow: bool = False,
) -> DataStream:
    call = "map_batches" if one_each else "process_batches"
    on = of_stream(stream, call)
    _require(on, fn, call, state)
    from flinksec_jobs.functions.batch_functions import KeyedBatches, PlainBatches, Whole

    user = fn.function if isinstance(fn, Guarded) else fn
    name = declared.name_of_callable(user)
    try:
        element = on.element()
    except TypeError:  # then it runs record by record, and a warning says why
        element = FieldType("any", nullable=True)
    received = received_records.of_function(user, name, element, state)
    made = KeyedBatches if on.keyed else PlainBatches
    output_type = row_type(out) if is_record_class(out) else out
    if as_arrow:
        _require_arrow(fn, name, element, output_type)
    return on.process(made(fn, Whole(name, received, one_each, as_arrow)), output_type)


def _require_arrow(fn: Any, name: str, element: FieldType | None, output_type: Any) -> None:
    """Refuse what cannot be Arrow data, where the job is defined."""
    arrow_batches.pyarrow()
    if element is None or element.kind != "row":
        raise JobError(
            f"{name} cannot get Arrow data of a stream whose elements are no rows",
            hint="name the type of what the last operation returns: "
            ".map(function, output_type=row_type(YourRecord))",
        )
    if declared.declared(output_type) is None:
        raise JobError(
            f"{name} returns Arrow data, so what it gives has columns",
            hint="name a record class for its results",
        )
    if isinstance(fn, Guarded):
        raise JobError(
            f"{name} gets Arrow data, so a guard cannot tell which record it fails with",
            hint="leave out job.guard(…), or let the function take a list of records",
        )


def _require(on: Fast, fn: Any, call: str, state: Any) -> None:
    if not callable(fn) or isinstance(fn, type):
        raise JobError(
            f"{call} got a {type(fn).__name__} for its function, which cannot be called with a "
            "batch",
            hint="give it a function, or an object that can be called",
        )
    if call == "process_batches" and not on.keyed:
        raise JobError(
            "process_batches got a stream without keys",
            hint="put key_by_field(…) or key_by(…) before it, or use map_batches",
        )
    if state is not None and not is_record_class(state):
        raise JobError(
            f"process_batches got {state!r} for its state, which is no record class",
            hint="write a class with @record for what it holds",
        )
