# SPDX-License-Identifier: Apache-2.0
"""A diagnosis of settings: everything that a job would meet, looked at one by one.

It is the sum of the checkers that others have (files, weak choices, Flink's configuration, what the
connectors ask their servers) and of looks that only a diagnosis takes. Each category is a file:
a function that yields its checks, registered in `examination`.
"""
