# SPDX-License-Identifier: Apache-2.0
"""What an operator sees of a job from outside: the files that its processes watch, its metrics."""
