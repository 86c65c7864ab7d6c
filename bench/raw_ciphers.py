# SPDX-License-Identifier: Apache-2.0
"""AES-256-GCM in chunks of 16 KiB with nothing around it: OpenSSL, and Python's `cryptography`."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.sealed_table import Measured

CHUNK = 16 * 1024


def measure(mib: int, rounds: int, measured: Measured) -> None:
    """Add both, so many rounds of each."""
    cipher = AESGCM(bytes(32))
    nonce, plaintext = bytes(12), bytes(CHUNK)
    ciphertext = cipher.encrypt(nonce, plaintext, None)
    work = {
        "encrypt": lambda: cipher.encrypt(nonce, plaintext, None),
        "decrypt": lambda: cipher.decrypt(nonce, ciphertext, None),
    }
    for number in range(rounds):
        for what, one in work.items():
            seconds, cpu = _timed(one, mib * 64)
            measured.add(what, "cryptography", number, seconds, cpu, mib * 1024 * 1024)
            _openssl(what, number, measured)


def _timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        work()
    return time.perf_counter() - start, time.process_time() - cpu


def _openssl(what: str, number: int, measured: Measured) -> None:
    """Its own program counts for a second of CPU time, and tells bytes in such a second."""
    if not shutil.which("openssl"):
        return
    command = ["openssl", "speed", "-mr", "-elapsed", "-seconds", "1", "-bytes", str(CHUNK)]
    command += ["-evp", "aes-256-gcm", *(["-decrypt"] if what == "decrypt" else [])]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = next(line.split(":")[3] for line in out.splitlines() if line.startswith("+F:"))
    measured.add(what, "openssl", number, 1, 1, float(rate))
