// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/**
 * Reads a change of a row of a database into rows with the kind of the change.
 *
 * <p>An insert and a row of a snapshot are {@code +I} of what is after; a delete is {@code -D} of
 * what was before; an update is {@code +U} of what is after and, where that is asked for, first
 * {@code -U} of what was before. A tombstone, which follows a delete for Kafka's sake, is no row. A
 * table that is emptied (truncated) changes rows that nobody names: such a message is a bad record.
 */
public final class DebeziumDecoder implements RowDecoder {
  private static final long serialVersionUID = 1L;
  private static final String WHOLE_ROWS =
      "; the database has to log whole rows (PostgreSQL: REPLICA IDENTITY FULL)";

  private final Shape shape;
  private final boolean before;
  private final int[] positions;
  private final ArrayList<Metadata> metadata;
  private final Conventions conventions;
  private transient ConnectReader reader;
  private transient Envelope envelope;

  private DebeziumDecoder(
      Shape shape,
      Set<String> excluded,
      boolean before,
      Conventions conventions,
      Map<String, String> metadata) {
    this.shape = shape;
    this.before = before;
    this.conventions = conventions;
    this.metadata = new ArrayList<>();
    metadata.forEach(
        (field, source) -> {
          int position = shape.position(field);
          if (position < 0) {
            throw new FormatException(
                "metadata names '%s', which is not a field of the record; it has: %s"
                    .formatted(field, String.join(", ", shape.names())));
          }
          this.metadata.add(new Metadata(position, shape.fields().get(position), source));
        });
    this.positions =
        IntStream.range(0, shape.fields().size())
            .filter(i -> !excluded.contains(shape.names().get(i)))
            .filter(i -> !metadata.containsKey(shape.names().get(i)))
            .toArray();
    open();
    for (int position : positions) {
      Shape.Field field = shape.fields().get(position);
      reader.require(field.shape(), field.name());
    }
  }

  /**
   * @param before whether an update also gives the row that was before it
   * @param perSecond units of a time that is a number, where no schema says it
   * @param decimalsAreBytes whether a decimal in text is Base64, where no schema says it
   * @param metadata row field to {@code op}, {@code kind}, {@code ts_ms}, {@code source.…}
   */
  public static RowDecoder.Factory factory(
      boolean before, int perSecond, boolean decimalsAreBytes, Map<String, String> metadata) {
    Map<String, String> fields = new TreeMap<>(metadata);
    Conventions conventions = new Conventions(perSecond, decimalsAreBytes);
    return (shape, excluded) -> new DebeziumDecoder(shape, excluded, before, conventions, fields);
  }

  private void open() {
    reader = new ConnectReader(conventions);
    envelope = new Envelope();
  }

  /** Reads a change that is one row. */
  @Override
  public Row read(byte[] value) throws UndecodableException {
    List<Row> rows = new ArrayList<>();
    readAll(value, rows::add);
    if (rows.size() != 1) {
      throw new UndecodableException("the change is %d rows, not one".formatted(rows.size()));
    }
    return rows.get(0);
  }

  @Override
  public void readAll(byte[] value, Consumer<Row> out) throws UndecodableException {
    if (value == null) {
      return;
    }
    if (reader == null) {
      open();
    }
    if (value.length > Integer.BYTES && value[0] == 0) {
      throw new UndecodableException(
          "the record begins like one of a schema registry, and envelopes are read in JSON: let the"
              + " connector write them with Kafka Connect's JsonConverter");
    }
    List<Row> rows = new ArrayList<>(2);
    try {
      Envelope.Opened opened = envelope.open(value);
      if (opened != null) {
        change(opened, rows);
      }
    } catch (BadValueException e) {
      throw e.undecodable();
    } catch (RuntimeException | StackOverflowError e) {
      throw new UndecodableException(
          "the record cannot be read (%s)".formatted(e.getClass().getSimpleName()));
    }
    rows.forEach(out);
  }

  private void change(Envelope.Opened opened, List<Row> rows) throws BadValueException {
    JsonNode op = opened.part("op");
    if (op == null || !op.isTextual()) {
      throw new BadValueException("is no change of Debezium: it has no op");
    }
    JsonNode source = opened.part("source");
    if (source != null && "mongodb".equals(source.path("connector").textValue())) {
      throw new BadValueException(
          "is a change of MongoDB, which is text, or a part of a row, and is not read");
    }
    switch (op.textValue()) {
      case "c", "r" -> rows.add(row("after", RowKind.INSERT, opened, ""));
      case "u" -> {
        if (before) {
          rows.add(row("before", RowKind.UPDATE_BEFORE, opened, WHOLE_ROWS));
        }
        rows.add(row("after", RowKind.UPDATE_AFTER, opened, ""));
      }
      case "d" -> rows.add(row("before", RowKind.DELETE, opened, WHOLE_ROWS));
      case "t" ->
          throw new BadValueException("says that its table was emptied, which no row expresses");
      default -> throw new BadValueException("is no change of a row: its op is another");
    }
  }

  private Row row(String part, RowKind kind, Envelope.Opened opened, String hint)
      throws BadValueException {
    JsonNode node = opened.part(part);
    if (node == null) {
      throw new BadValueException("has no `%s`%s".formatted(part, hint));
    }
    Row row;
    try {
      row = reader.row(node, shape, positions, ConnectSchema.field(opened.schema(), part));
    } catch (BadValueException e) {
      throw e.in(part);
    }
    row.setKind(kind);
    for (Metadata field : metadata) {
      field.fill(row, opened);
    }
    return row;
  }
}
