// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.util.List;

/**
 * A schema as the registry has it.
 *
 * @param id by which records name it; 0 where it was not asked by or for one
 * @param type {@code AVRO}, {@code PROTOBUF}, {@code JSON}
 * @param text the schema itself
 * @param references other schemas that it uses names of
 */
public record RegisteredSchema(int id, String type, String text, List<Reference> references) {
  /**
   * Another schema that one uses.
   *
   * @param name by which it is used
   * @param subject where it is registered
   * @param version which of the subject's
   */
  public record Reference(String name, String subject, int version) {}

  public RegisteredSchema {
    references = List.copyOf(references);
  }
}
