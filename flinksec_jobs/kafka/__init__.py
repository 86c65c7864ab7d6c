# SPDX-License-Identifier: Apache-2.0
"""Kafka: settings to PyFlink's own source and sink, with records decoded and encoded in the JVM."""
