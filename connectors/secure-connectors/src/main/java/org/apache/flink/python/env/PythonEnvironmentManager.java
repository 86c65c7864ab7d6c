// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.python.env;

/**
 * The shape of an interface of PyFlink's jar, to compile against; it is left out of our jar, and
 * the real one is there at run time.
 */
public interface PythonEnvironmentManager extends AutoCloseable {
  /** Brings the job's files and archives to this machine, once for all of its operators. */
  void open() throws Exception;
}
