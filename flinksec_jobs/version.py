# SPDX-License-Identifier: Apache-2.0
"""The one place of the version: the wheels take it from here, and the poms are compared with it."""

__version__ = "0.1.0"
