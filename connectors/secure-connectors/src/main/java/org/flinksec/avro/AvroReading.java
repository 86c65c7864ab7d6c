// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.flinksec.formats.RowDecoder;
import org.flinksec.rows.Shape;
import org.flinksec.schemaregistry.RegisteredSchema;
import org.flinksec.schemaregistry.RegistrySettings;
import org.flinksec.schemaregistry.SchemaRegistry;
import org.flinksec.schemaregistry.SchemaRegistryException;

/**
 * How a job reads Avro: makes the decoders, and remembers for which records, so that the registry
 * can be asked before the job starts whether they will be read.
 */
public final class AvroReading implements RowDecoder.Factory {
  private final String schema;
  private final RegistrySettings registry;
  private final List<String> subjects;
  private final List<Read> made = new ArrayList<>();
  private final List<String> absent = new ArrayList<>();

  private record Read(Shape shape, Set<String> excluded) {}

  private AvroReading(String schema, RegistrySettings registry, List<String> subjects) {
    this.schema = schema;
    this.registry = registry;
    this.subjects = List.copyOf(subjects);
  }

  /**
   * @param schema the text of the schema that all records were written with
   */
  public static AvroReading bare(String schema) {
    return new AvroReading(schema, null, List.of());
  }

  /**
   * @param registry see {@link RegistrySettings#parse}
   * @param subjects under which the schemas of what is read are expected
   */
  public static AvroReading registered(Map<String, String> registry, List<String> subjects) {
    return new AvroReading(null, RegistrySettings.parse(registry), subjects);
  }

  /**
   * @throws SchemaMismatchException if the record class cannot read what was written with the
   *     schema
   */
  @Override
  public RowDecoder of(Shape shape, Set<String> excluded) {
    made.add(new Read(shape, Set.copyOf(excluded)));
    return registry == null
        ? new AvroToRow(schema, shape, excluded)
        : new RegisteredAvroToRow(registry, shape, excluded);
  }

  /**
   * Asks the registry whether the records can read the newest schema of each subject.
   *
   * @return empty if they can; else what is wrong
   */
  public String problem() {
    absent.clear();
    try {
      SchemaRegistry asked = new SchemaRegistry(registry.atOnce());
      if (subjects.isEmpty()) {
        asked.login();
      }
      for (String subject : subjects) {
        Optional<RegisteredSchema> latest = asked.latest(subject);
        if (latest.isEmpty()) {
          absent.add(subject);
        } else {
          check(asked, subject, latest.get());
        }
      }
      return "";
    } catch (SchemaRegistryException e) {
      return e.getMessage();
    }
  }

  private void check(SchemaRegistry asked, String subject, RegisteredSchema latest) {
    try {
      for (Read read : made) {
        AvroToRow.reader(RegisteredAvroToRow.parsed(asked, latest), read.shape(), read.excluded());
      }
    } catch (SchemaMismatchException e) {
      throw new SchemaRegistryException(
          "the newest schema of the subject %s cannot be read: %s"
              .formatted(subject, e.getMessage()));
    }
  }

  /** The subjects that had no schema when {@link #problem} asked. */
  public List<String> absent() {
    return List.copyOf(absent);
  }
}
