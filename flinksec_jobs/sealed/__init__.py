# SPDX-License-Identifier: Apache-2.0
"""The sealed file format in pure Python: read, verify, re-key; needs no Flink.

The format is specified in ``docs/state-format.md``.
"""

from flinksec_jobs.sealed.format import Header, NamePolicy, Status
from flinksec_jobs.sealed.keyring import KeyRing
from flinksec_jobs.sealed.reader import SealedReader, open_sealed, read_header
from flinksec_jobs.sealed.verify import FileReport, verify_file, verify_tree
from flinksec_jobs.sealed.writer import SealedWriter

__all__ = [
    "FileReport",
    "Header",
    "KeyRing",
    "NamePolicy",
    "SealedReader",
    "SealedWriter",
    "Status",
    "open_sealed",
    "read_header",
    "verify_file",
    "verify_tree",
]
