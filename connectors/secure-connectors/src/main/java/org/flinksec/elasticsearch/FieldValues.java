// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

/** The fields of a record that say where its document goes. */
@FunctionalInterface
interface FieldValues {
  /** The value as it stands in a row, or its text form; null if it is null or missing. */
  Object get(String field);
}
