// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.python.env;

import java.util.Map;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public abstract class AbstractPythonEnvironmentManager implements PythonEnvironmentManager {
  @Override
  public void open() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }

  /** Variables for a process of Python, with those of this process. */
  public Map<String, String> getPythonEnv() {
    throw new UnsupportedOperationException();
  }
}
