// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import org.flinksec.logging.Tame;

/**
 * The schema registry cannot be used, or refuses something; the message names the setting. No
 * record is to blame, so the job fails.
 */
public class SchemaRegistryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public SchemaRegistryException(String message) {
    super(Tame.text(message));
  }

  SchemaRegistryException(String message, Throwable cause) {
    super(Tame.text(message), cause);
  }
}
