# SPDX-License-Identifier: Apache-2.0
"""Servers over HTTPS: what their settings mean for the client in the JVM, and for one in Python."""
