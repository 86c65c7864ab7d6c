// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

/** The registry has no such schema, subject or version. */
public final class UnknownSchemaException extends SchemaRegistryException {
  private static final long serialVersionUID = 1L;

  UnknownSchemaException(String what) {
    super("the schema registry has no " + what);
  }
}
