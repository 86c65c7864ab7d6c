// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import org.apache.flink.api.common.functions.RuntimeContext;

/**
 * A Python in which one function is: in Flink's JVM, or in a process of its own.
 *
 * <p>All but {@link #ask} and {@link #kill} is called in the thread of the function.
 */
interface Python {
  /**
   * Loads the function.
   *
   * @return its name, for messages
   */
  String load() throws Exception;

  /**
   * Opens the function.
   *
   * @param states null on a stream without keys
   * @return an answer
   */
  byte[] open(RuntimeContext context, KeyedBlobs states) throws Exception;

  /**
   * Runs the function on a batch.
   *
   * @return an answer
   */
  byte[] call(byte[] frame) throws Exception;

  /**
   * Closes the function.
   *
   * @return an answer
   */
  byte[] close() throws Exception;

  /** Gives back what this Python is made of; nothing is called behind it. */
  void end();

  /**
   * Asks a question of {@code flinksec_jobs.functions.watch} while the function runs; called from
   * one other thread, which may wait for long.
   */
  byte[] ask(char what) throws Exception;

  /** Gives back what {@link #ask} has made, in its thread. */
  void endAsking();

  /** Whether {@link #kill} ends what takes no notice of an interruption. */
  boolean canBeKilled();

  /** Ends it at once. */
  void kill();

  /**
   * Looks whether the function takes more of the machine than it may.
   *
   * @throws PythonProcessException it does
   */
  void check();
}
