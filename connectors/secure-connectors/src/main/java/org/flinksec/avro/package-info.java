// SPDX-License-Identifier: Apache-2.0

/**
 * Avro: records in its binary form to rows and back, by the schema that they were written with.
 *
 * <p>Resolution is that of Avro's specification, worked out once for each schema of a writer: a
 * reader is made for each of its fields, or the field is passed over. Nothing that a schema names
 * is ever made a class of: values are those that {@link org.flinksec.rows.Shape} lists.
 */
package org.flinksec.avro;
