// SPDX-License-Identifier: Apache-2.0
/**
 * JSON documents to Flink rows and back, without a tree in between.
 *
 * <p>Rows are positional; the names and types of their fields come from the {@code RowTypeInfo}
 * given at construction. The parser and generator are those of the Jackson that Flink ships shaded.
 */
package org.flinksec.json;
