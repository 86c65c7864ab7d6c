// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.rows.Shape;
import org.flinksec.schemaregistry.RegisteredSchema;
import org.flinksec.schemaregistry.RegistrySettings;
import org.flinksec.schemaregistry.SchemaRegistry;
import org.flinksec.schemaregistry.UnknownSchemaException;

/**
 * Reads records that name their schema by its id in a schema registry: a zero, the id in four
 * bytes, the record (Confluent's wire format).
 *
 * <p>A schema is asked for once. One that does not fit the record class, or that the registry does
 * not have, makes bad records of those that name it; a registry that does not answer fails the job.
 *
 * <p>Not safe for use by several threads.
 */
final class RegisteredAvroToRow implements RowDecoder {
  private static final long serialVersionUID = 1L;
  private static final int MAGIC = 0;
  private static final int MOST_SCHEMAS = 1000;
  // A record may name any of four billion ids; the registry is not asked for one again and again.
  private static final long UNKNOWN_NANOS = Duration.ofMinutes(1).toNanos();

  private final RegistrySettings settings;
  private final Shape shape;
  private final Set<String> excluded;
  private transient SchemaRegistry registry;
  private transient BoundedDecoder decoder;
  private transient Map<Integer, Known> schemas;

  RegisteredAvroToRow(RegistrySettings settings, Shape shape, Set<String> excluded) {
    this.settings = settings;
    this.shape = shape;
    this.excluded = Set.copyOf(excluded);
  }

  /**
   * What is known of an id.
   *
   * @param reader null if records with it cannot be read
   * @param why they cannot
   * @param until when that is so, in {@code System.nanoTime}; null for ever
   */
  private record Known(ValueReader reader, String why, Long until) {
    boolean isOver() {
      return until != null && System.nanoTime() - until > 0;
    }
  }

  @Override
  public Row read(byte[] value) throws UndecodableException {
    if (value == null) {
      throw new UndecodableException("there is no record: the value is null");
    }
    if (value.length < Integer.BYTES + 1 || value[0] != MAGIC) {
      throw new UndecodableException(
          "the record does not begin with 0 and the id of a schema, as one written with a schema"
              + " registry does");
    }
    int id = ByteBuffer.wrap(value).getInt(1);
    Known known = known(id);
    if (known.reader() == null) {
      throw new UndecodableException(known.why());
    }
    return AvroToRow.read(known.reader(), decoder, value, Integer.BYTES + 1);
  }

  private Known known(int id) {
    if (schemas == null) {
      registry = new SchemaRegistry(settings);
      decoder = new BoundedDecoder();
      schemas =
          new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Integer, Known> eldest) {
              return size() > MOST_SCHEMAS;
            }
          };
    }
    Known known = schemas.get(id);
    if (known == null || known.isOver()) {
      known = ask(id);
      schemas.put(id, known);
    }
    return known;
  }

  private Known ask(int id) {
    try {
      RegisteredSchema found = registry.byId(id);
      return new Known(AvroToRow.reader(parsed(registry, found), shape, excluded), null, null);
    } catch (UnknownSchemaException e) {
      return new Known(null, e.getMessage(), System.nanoTime() + UNKNOWN_NANOS);
    } catch (SchemaMismatchException e) {
      return new Known(null, "by the schema of the id %d, %s".formatted(id, e.getMessage()), null);
    }
  }

  /**
   * A schema with all that it refers to.
   *
   * @throws SchemaMismatchException if it is none of Avro
   */
  static Schema parsed(SchemaRegistry registry, RegisteredSchema found) {
    if (!found.type().equals("AVRO")) {
      throw new SchemaMismatchException("has a schema of the type " + found.type());
    }
    return Schemas.parse(found.text(), registry.references(found));
  }
}
