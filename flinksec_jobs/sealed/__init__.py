# SPDX-License-Identifier: Apache-2.0
"""The sealed file format in pure Python: read, verify, re-key; needs no Flink.

The format is specified in ``docs/state-format.md``.
"""

from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.chain import KeyChain
from flinksec_jobs.sealed.format import Header, NamePolicy, SealedFileError, Status
from flinksec_jobs.sealed.inventory import FileInfo, inspect_file
from flinksec_jobs.sealed.keyring import KeyRing
from flinksec_jobs.sealed.provider import KeyMissingError, KeyProvider, KeysUnavailableError
from flinksec_jobs.sealed.reader import SealedReader, open_sealed, read_header
from flinksec_jobs.sealed.rekey import Outcome, RekeyReport, rekey_file
from flinksec_jobs.sealed.token import TokenAddress
from flinksec_jobs.sealed.tokenkeys import TokenKeys
from flinksec_jobs.sealed.verify import FileReport, verify_file, verify_tree
from flinksec_jobs.sealed.writer import SealedWriter

__all__ = [
    "AssociatedData",
    "FileInfo",
    "FileReport",
    "Header",
    "KeyChain",
    "KeyMissingError",
    "KeyProvider",
    "KeyRing",
    "KeysUnavailableError",
    "NamePolicy",
    "Outcome",
    "RekeyReport",
    "SealedFileError",
    "SealedReader",
    "SealedWriter",
    "Status",
    "TokenAddress",
    "TokenKeys",
    "inspect_file",
    "open_sealed",
    "read_header",
    "rekey_file",
    "verify_file",
    "verify_tree",
]
