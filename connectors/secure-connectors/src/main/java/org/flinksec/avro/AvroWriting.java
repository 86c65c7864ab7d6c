// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.flinksec.formats.RowEncoder;
import org.flinksec.rows.Shape;
import org.flinksec.schemaregistry.RegistrySettings;
import org.flinksec.schemaregistry.SchemaRegistry;
import org.flinksec.schemaregistry.SchemaRegistryException;

/**
 * How a job writes Avro: makes the encoders, and remembers for which records, so that the registry
 * can be asked before the job starts whether it has their schema.
 */
public final class AvroWriting implements RowEncoder.Factory {
  private final String text;
  private final String name;
  private final Registered registered;
  private final List<Shape> made = new ArrayList<>();

  /** Where the schema is registered. */
  private record Registered(
      RegistrySettings registry, String subject, boolean latest, boolean register) {}

  private AvroWriting(String text, String name, Registered registered) {
    this.text = text;
    this.name = name;
    this.registered = registered;
  }

  /**
   * @param text of the schema; empty for that of the record class
   * @param name of the record in the schema of its class, with its namespace; empty for the class's
   */
  public static AvroWriting bare(String text, String name) {
    return new AvroWriting(text, name, null);
  }

  /**
   * @param registry see {@link RegistrySettings#parse}
   * @param subject under which the schema is registered; {@code {}} in it stands for the full name
   *     of the record
   * @param text of the schema; empty for that of the record class
   * @param name of the record in the schema of its class, with its namespace; empty for the class's
   * @param latest whether to write with the subject's newest schema instead
   * @param register whether to register a schema that the subject does not have
   */
  public static AvroWriting registered(
      Map<String, String> registry,
      String subject,
      String text,
      String name,
      boolean latest,
      boolean register) {
    RegistrySettings parsed = RegistrySettings.parse(registry);
    return new AvroWriting(text, name, new Registered(parsed, subject, latest, register));
  }

  /**
   * @throws SchemaMismatchException if the schema has no place for what the record holds, or needs
   *     what it does not have
   */
  @Override
  public RowEncoder of(Shape shape) {
    made.add(shape);
    if (registered != null && registered.latest()) {
      return new RegisteredRowToAvro(writer(shape), shape);
    }
    RowToAvro bare = new RowToAvro(schema(shape), shape); // also to find what does not fit
    return registered == null ? bare : new RegisteredRowToAvro(writer(shape), shape);
  }

  private String schema(Shape shape) {
    return text.isEmpty() ? RecordSchema.of(shape, name, Set.of()).toString() : text;
  }

  private WriterSchema writer(Shape shape) {
    String subject = registered.subject();
    if (subject.contains("{}")) {
      String full = Schemas.parse(schema(shape), List.of()).getFullName();
      subject = subject.replace("{}", full);
    }
    return new WriterSchema(
        registered.registry(), subject, text, name, registered.latest(), registered.register());
  }

  /**
   * Asks the registry whether it has the schema to write with, or would take it.
   *
   * @return empty if so; else what is wrong
   */
  public String problem() {
    try {
      SchemaRegistry asked = new SchemaRegistry(registered.registry().atOnce());
      for (Shape shape : made) {
        WriterSchema.Found found = writer(shape).look(asked, shape);
        RegisteredRowToAvro.written(found.schema(), shape);
      }
      return "";
    } catch (SchemaRegistryException e) {
      return e.getMessage();
    } catch (SchemaMismatchException e) {
      return "the schema of the subject %s cannot be written with: %s"
          .formatted(writer(made.get(0)).subject(), e.getMessage());
    }
  }
}
