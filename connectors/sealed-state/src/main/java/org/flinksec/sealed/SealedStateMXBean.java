// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

/** What the process tells of its sealed files, to those in other class loaders too. */
public interface SealedStateMXBean {
  /** The id of the key that the data key of new files is wrapped under. */
  String getKeyId();

  /** Files that could not be opened or read although their keys are at hand. */
  long getFailedUnseals();

  /** Data keys that could not be unwrapped: the key is missing, or its provider does not answer. */
  long getFailedUnwraps();
}
