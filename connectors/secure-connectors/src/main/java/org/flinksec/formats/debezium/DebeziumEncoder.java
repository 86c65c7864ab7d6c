// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;

/**
 * Writes a row as a change in Debezium's envelope, with its schema around it or without.
 *
 * <p>Which change is said by a field, which is then no part of the row, or by the kind of the row.
 */
public final class DebeziumEncoder implements RowEncoder {
  private static final long serialVersionUID = 1L;
  private static final JsonFactory FACTORY =
      new JsonFactory().enable(JsonGenerator.Feature.COMBINE_UNICODE_SURROGATES_IN_UTF8);

  private final Shape shape;
  private final Changes changes;
  private final int[] positions;
  private final byte[] schema;

  private DebeziumEncoder(Shape shape, String opField, boolean before, String schemaName) {
    int op = Changes.BY_KIND;
    if (!opField.isEmpty()) {
      op = shape.position(opField);
      if (op < 0) {
        throw new FormatException(
            "op_field names '%s', which is not a field of the record; it has: %s"
                .formatted(opField, String.join(", ", shape.names())));
      }
      Shape said = shape.fields().get(op).shape();
      if (said.kind() != Shape.Kind.STR && !Scalars.isText(said)) {
        throw new FormatException(
            "op_field names '%s', which is no text: c, r, u or d".formatted(opField));
      }
    }
    int without = op;
    this.shape = shape;
    this.changes = new Changes(op, before);
    this.positions = IntStream.range(0, shape.fields().size()).filter(i -> i != without).toArray();
    this.schema = schemaName.isEmpty() ? null : schema(schemaName);
  }

  /**
   * @param opField the field that holds the op; empty if the kind of the row says it
   * @param before whether the row before an update is written too, as a delete
   * @param schemaName of the schema around each message; empty for none
   */
  public static RowEncoder.Factory factory(String opField, boolean before, String schemaName) {
    return shape -> new DebeziumEncoder(shape, opField, before, schemaName);
  }

  @Override
  public boolean writesKinds() {
    return true;
  }

  @Override
  public boolean writes(Row row) {
    return changes.writes(row);
  }

  @Override
  public byte[] write(Row row) throws UnencodableException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = FACTORY.createGenerator(out)) {
      if (schema != null) {
        json.writeStartObject();
        json.writeFieldName("schema");
        json.writeRawValue(new String(schema, StandardCharsets.UTF_8));
        json.writeFieldName("payload");
      }
      payload(json, row);
      if (schema != null) {
        json.writeEndObject();
      }
    } catch (BadValueException e) {
      throw e.unencodable();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private void payload(JsonGenerator json, Row row) throws IOException, BadValueException {
    String op;
    try {
      op = changes.op(row);
    } catch (BadValueException e) {
      throw e.in(shape.names().get(changes.field()));
    }
    boolean deletes = op.equals("d");
    json.writeStartObject();
    json.writeFieldName("before");
    part(json, row, deletes);
    json.writeFieldName("after");
    part(json, row, !deletes);
    json.writeStringField("op", op);
    json.writeNumberField("ts_ms", System.currentTimeMillis());
    json.writeEndObject();
  }

  private void part(JsonGenerator json, Row row, boolean there)
      throws IOException, BadValueException {
    if (there) {
      ConnectWriter.row(json, row, shape, positions, "");
    } else {
      json.writeNull();
    }
  }

  private byte[] schema(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("type", "struct");
      json.writeArrayFieldStart("fields");
      ConnectWriter.schema(json, shape, positions, name + ".Value", "before");
      ConnectWriter.schema(json, shape, positions, name + ".Value", "after");
      ConnectWriter.simple(json, "string", false, "op");
      ConnectWriter.simple(json, "int64", true, "ts_ms");
      json.writeEndArray();
      ConnectWriter.end(json, false, name + ".Envelope", null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
