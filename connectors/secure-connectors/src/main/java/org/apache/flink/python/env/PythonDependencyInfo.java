// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.python.env;

import org.apache.flink.api.common.cache.DistributedCache;
import org.apache.flink.configuration.ReadableConfig;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public final class PythonDependencyInfo {
  private PythonDependencyInfo() {}

  /** What a job brings for its Python: files, requirements, archives. */
  public static PythonDependencyInfo create(ReadableConfig config, DistributedCache cache) {
    throw new UnsupportedOperationException();
  }
}
