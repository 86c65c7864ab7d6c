// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

/** What knows the record of Kafka that it was made of. */
@FunctionalInterface
public interface Traceable {
  /** The record as it was read. */
  Original original();
}
