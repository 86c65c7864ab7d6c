# SPDX-License-Identifier: Apache-2.0
"""Topics of dead letters: what is in them, why, and how it goes back to where it came from.

What a letter is stands in docs/dead-letters.md. Nothing here needs Flink or a JVM: the client is
kafka-python's.
"""
