# SPDX-License-Identifier: Apache-2.0
"""What goes with a function to where it runs in batches."""

from __future__ import annotations

import copyreg
import io
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.records.declared import Declared
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.records.guard import Guard


@dataclass(frozen=True)
class Plan:
    """A function, and what it gets and gives.

    Attributes:
        function: PyFlink's function object.
        name: what to call it in messages.
        element: what it gets; None for pickled values.
        result: what its main output holds; None for pickled values.
        wanted: the rows that its results have to be; None if they are no rows.
        hands_on: whether it returns only what it got.
        keyed: whether its stream has keys.
        key: what these are; None for pickled keys.
        guard: what catches that it raises; None for nothing.
    """

    function: Any
    name: str
    element: FieldType | None
    result: FieldType | None
    wanted: Declared | None
    hands_on: bool
    keyed: bool
    key: FieldType | None
    guard: Guard | None

    def pickled(self) -> bytes:
        """Return it as it goes to where the function runs.

        A function may hold the type of a stream, which has an object of the JVM once a stream has
        it; that stays here.
        """
        import cloudpickle
        from pyflink.common.typeinfo import TypeInformation

        class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
            def reducer_override(self, obj: Any) -> Any:
                if isinstance(obj, TypeInformation):
                    state = {**vars(obj), "_j_typeinfo": None}
                    return copyreg.__newobj__, (type(obj),), state  # type: ignore[attr-defined]
                return super().reducer_override(obj)

        file = io.BytesIO()
        Pickler(file).dump(self)
        return file.getvalue()
