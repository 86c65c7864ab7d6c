# SPDX-License-Identifier: Apache-2.0
"""For all tests."""

import signal

from hypothesis import HealthCheck, settings

# A shell makes what it starts in the background deaf to Ctrl-C, and all that it starts in its turn:
# here that would be the programs whose answer to Ctrl-C is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test asserts time: on a busy machine every example may take long.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
