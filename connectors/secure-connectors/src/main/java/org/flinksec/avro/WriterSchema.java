// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.Serializable;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.avro.Schema;
import org.flinksec.rows.Shape;
import org.flinksec.schemaregistry.RegisteredSchema;
import org.flinksec.schemaregistry.RegistrySettings;
import org.flinksec.schemaregistry.SchemaRegistry;
import org.flinksec.schemaregistry.SchemaRegistryException;

/**
 * Which schema of a registry records are written with.
 *
 * @param registry how it is reached
 * @param subject under which the schema is
 * @param text of the schema; empty for that of the record class
 * @param name of the record in the schema of its class, with its namespace; empty for the class's
 * @param latest whether to write with the subject's newest schema instead
 * @param register whether to register a schema that the subject does not have
 */
record WriterSchema(
    RegistrySettings registry,
    String subject,
    String text,
    String name,
    boolean latest,
    boolean register)
    implements Serializable {
  /** A schema with its id; 0 where it has none yet. */
  record Found(Schema schema, int id) {}

  /**
   * Finds the schema, or registers it where that is wanted.
   *
   * @throws SchemaRegistryException if there is none to write with
   * @throws SchemaMismatchException if it does not fit the record
   */
  Found take(SchemaRegistry from, Shape shape) {
    Found found = look(from, shape);
    if (found.id() != 0) {
      return found;
    }
    return new Found(found.schema(), from.register(subject, registered(found.schema())));
  }

  /**
   * Finds the schema, and changes nothing in the registry.
   *
   * @return the id is 0 if the schema is to be registered, which the subject's rule allows
   */
  Found look(SchemaRegistry from, Shape shape) {
    if (latest) {
      return from.latest(subject)
          .map(newest -> new Found(RegisteredAvroToRow.parsed(from, newest), newest.id()))
          .orElseThrow(() -> missing("has no schema yet, and use_latest needs one"));
    }
    Schema schema =
        text.isEmpty() ? RecordSchema.of(shape, name, Set.of()) : Schemas.parse(text, List.of());
    OptionalInt id = from.find(subject, registered(schema));
    if (id.isPresent()) {
      return new Found(schema, id.getAsInt());
    }
    String incompatible = from.incompatibility(subject, registered(schema));
    if (incompatible != null) {
      throw missing(
          "does not have the schema to write with, which is not compatible with its newest: "
              + incompatible);
    }
    if (!register) {
      throw missing(
          "does not have the schema to write with, and schema_registry.auto_register is false");
    }
    return new Found(schema, 0);
  }

  private SchemaRegistryException missing(String why) {
    return new SchemaRegistryException("the subject %s %s".formatted(subject, why));
  }

  private static RegisteredSchema registered(Schema schema) {
    return new RegisteredSchema(0, "AVRO", schema.toString(), List.of());
  }
}
