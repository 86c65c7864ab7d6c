# SPDX-License-Identifier: Apache-2.0
"""The demonstration: real flights through real secured servers, checked against plain Python."""
