// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.streaming.api.utils;

import java.io.Serializable;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time. The whole jar of 40 MB would be a dependency for two methods.
 */
public final class PythonTypeUtils {
  private PythonTypeUtils() {}

  /** Converts a value on its way from the JVM into Python and back, in thread mode. */
  public abstract static class DataConverter<IN, OUT> implements Serializable {
    private static final long serialVersionUID = 1L;

    /** From what Python gave. */
    public abstract IN toInternal(OUT value);

    /** To what Python gets. */
    public abstract OUT toExternal(IN value);
  }
}
