// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.python.env.process;

import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.python.env.AbstractPythonEnvironmentManager;
import org.apache.flink.python.env.PythonDependencyInfo;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public final class ProcessPythonEnvironmentManager extends AbstractPythonEnvironmentManager {
  /**
   * @param info what the job brings
   * @param temporary directories for it
   * @param environment of this process
   * @param job whose operators share it
   */
  public ProcessPythonEnvironmentManager(
      PythonDependencyInfo info, String[] temporary, Map<String, String> environment, JobID job) {
    throw new UnsupportedOperationException();
  }
}
