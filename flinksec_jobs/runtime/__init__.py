# SPDX-License-Identifier: Apache-2.0
"""What a job needs around it: a Java, third-party jars, the JVM bridge, a local run."""
