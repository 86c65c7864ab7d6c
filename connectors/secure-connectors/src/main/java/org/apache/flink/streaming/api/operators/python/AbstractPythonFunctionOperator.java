// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.streaming.api.operators.python;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.python.env.PythonEnvironmentManager;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;

/**
 * The shape of a class of PyFlink's jar, to compile against; it is left out of our jar, and the
 * real one is there at run time.
 */
public abstract class AbstractPythonFunctionOperator<OUT> extends AbstractStreamOperator<OUT> {
  private static final long serialVersionUID = 1L;

  /** Of the program, with what the job's configuration adds before it runs. */
  protected final Configuration config;

  protected AbstractPythonFunctionOperator(Configuration config) {
    this.config = config;
  }

  /** Whether no element waits. */
  public boolean isBundleFinished() {
    throw new UnsupportedOperationException();
  }

  /** Hands over what waits. */
  protected abstract void invokeFinishBundle() throws Exception;

  /** What is to bring the job's files and archives to Python. */
  protected abstract PythonEnvironmentManager createPythonEnvironmentManager();
}
