# SPDX-License-Identifier: Apache-2.0
"""Secrets that stand in a text, a command line or in bytes, found by their name and their form."""
