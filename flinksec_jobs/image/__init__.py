# SPDX-License-Identifier: Apache-2.0
"""The job-cluster image: what goes into it, the program that builds it, its bill of materials."""
