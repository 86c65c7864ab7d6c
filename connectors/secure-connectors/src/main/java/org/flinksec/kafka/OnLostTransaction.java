// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.Locale;

/** What a job does when a transaction that it counted on cannot be committed any more. */
public enum OnLostTransaction {
  /** The job fails, and does not start again by itself. */
  FAIL,
  /** The job goes on without the records, and its log says so. */
  LOG;

  static OnLostTransaction of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
