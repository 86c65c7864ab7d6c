# SPDX-License-Identifier: Apache-2.0
"""Secure PyFlink jobs: Kerberos, TLS and encrypted state by default."""
