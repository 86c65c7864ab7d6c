# SPDX-License-Identifier: Apache-2.0
"""Flink SQL: statements read, tables with the job's login, and what the checks make of them."""
