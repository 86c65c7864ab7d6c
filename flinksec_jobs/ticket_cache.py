# SPDX-License-Identifier: Apache-2.0
"""What a file of Kerberos tickets holds, as ``kinit`` writes it: whose they are, and until when.

The format is MIT's ("Credential cache file format"), versions 3 and 4: those that Java reads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flinksec_jobs.errors import SecretError
from flinksec_jobs.findings import Finding, Where, problem

if TYPE_CHECKING:
    from flinksec_jobs.secrets import SecretFile
    from flinksec_jobs.settings import KerberosSettings

SETTING = "kerberos.ticket_cache"
UNUSABLE = problem(
    "ticket-cache-unusable", "the file of tickets cannot be read, or holds another's"
)
EXPIRED = problem("ticket-expired", "the ticket in the cache has ended")

_VERSION_3, _VERSION_4 = b"\x05\x03", b"\x05\x04"
_CONFIGURATION = "X-CACHECONF:"


@dataclass(frozen=True)
class Ticket:
    """One ticket, without its key.

    Attributes:
        server: what it is for: ``krbtgt/EXAMPLE.COM@EXAMPLE.COM`` gets all others.
        ends: when it ends.
    """

    server: str
    ends: datetime


@dataclass(frozen=True)
class TicketCache:
    """Whose tickets they are, and which."""

    principal: str
    tickets: tuple[Ticket, ...]

    def granting(self) -> Ticket | None:
        """Return the ticket that gets all others: the one of the principal's realm."""
        realm = self.principal.rpartition("@")[2]
        name = f"krbtgt/{realm}@{realm}"
        found = [ticket for ticket in self.tickets if ticket.server == name]
        return max(found, key=lambda ticket: ticket.ends, default=None)


def read_ticket_cache(file: SecretFile) -> TicketCache:
    """Return what is in a file of tickets.

    Raises:
        SecretError: it cannot be read, or is none.
    """
    content = file.read_bytes(SETTING)
    if content[:2] not in {_VERSION_3, _VERSION_4}:
        raise SecretError(
            f"{SETTING} (file:{file.path}) is no file of Kerberos tickets",
            hint="get one with kinit -c FILE:/path, since Java reads no other kind of cache",
        )
    try:
        return _read(_Reader(content))
    except (struct.error, ValueError):
        # Without the cause: it may hold bytes of a key.
        raise SecretError(
            f"{SETTING} (file:{file.path}) is a damaged file of tickets",
            hint="get a new one with kinit",
        ) from None


def check_ticket_cache(
    kerberos: KerberosSettings, now: datetime | None = None
) -> Iterator[Finding]:
    """Look whether the tickets are the principal's, and have not ended."""
    file = kerberos.ticket_cache
    if file is None:
        return
    where = Where(setting=SETTING, file=str(file.path))
    named = f"kinit -c FILE:{file.path} {kerberos.principal}"
    if not file.path.exists():
        why = "there is no such file; a cache of another kind, such as KCM or KEYRING, does not do"
        yield UNUSABLE.at(where, why, fix=f"get tickets: {named}")
        return
    try:
        cache = read_ticket_cache(file)
    except SecretError as error:
        yield UNUSABLE.of(error, where)
        return
    ticket = cache.granting()
    if cache.principal != kerberos.principal:
        why = f"it holds tickets of {cache.principal}, and kerberos.principal is another"
        yield UNUSABLE.at(where, why, fix=f"get those of the principal: {named}")
    elif ticket is None:
        yield UNUSABLE.at(where, "it holds no ticket that gets others", fix=named)
    elif ticket.ends <= (now or datetime.now(UTC)):
        why = f"the ticket has ended, at {ticket.ends:%Y-%m-%d %H:%M} UTC"
        yield EXPIRED.at(where, why, fix=f"get a new one: {named}")


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.version = content[:2]
        self._content = content
        self._position = 2
        if self.version == _VERSION_4:
            self.take(self.number(">H"))  # the difference of clocks

    @property
    def is_at_end(self) -> bool:
        return self._position >= len(self._content)

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._content):
            raise ValueError
        taken, self._position = self._content[self._position : end], end
        return taken

    def number(self, form: str = ">I") -> int:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(value)

    def data(self) -> bytes:
        return self.take(self.number())

    def principal(self) -> str:
        self.number()  # type of name
        count = self.number()
        if count > len(self._content):
            raise ValueError
        realm = self.data().decode()
        return "/".join(self.data().decode() for _ in range(count)) + f"@{realm}"

    def pairs(self) -> None:
        for _ in range(self.number()):
            self.number(">H")
            self.data()


def _read(reader: _Reader) -> TicketCache:
    principal = reader.principal()
    tickets = []
    while not reader.is_at_end:
        reader.principal()  # the client
        server = reader.principal()
        reader.number(">H")  # type of key
        if reader.version == _VERSION_3:
            reader.number(">H")
        reader.data()  # the key
        _, _, ends, _ = (reader.number() for _ in range(4))
        reader.take(1 + 4)
        reader.pairs()  # addresses
        reader.pairs()  # authorization data
        reader.data()  # the ticket
        reader.data()
        if not server.startswith(_CONFIGURATION):
            tickets.append(Ticket(server, datetime.fromtimestamp(ends, UTC)))
    return TicketCache(principal, tuple(tickets))
