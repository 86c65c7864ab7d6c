// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.schemaregistry.SchemaRegistryException;

/**
 * A format of Flink's that notes that it has failed, in words that hold nothing of the record.
 *
 * <p>The exceptions of Flink's formats quote what they could not read. And one that is thrown
 * through the connector's own schema leaves the key of the record in it, for the next record.
 */
final class Watched implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1L;
  // Flink's JSON: the field is named by the schema.
  private static final Pattern FIELD =
      Pattern.compile("Fail to deserialize at field: (.{1,100})\\.");
  private static final int DEEPEST = 20;
  private static final String KEY = "key";

  private final DeserializationSchema<RowData> format;
  private final String part;
  private transient List<RowData> rows;
  private transient String problem;

  /**
   * @param part of a record that it reads: {@code key} or {@code value}
   */
  Watched(DeserializationSchema<RowData> format, String part) {
    this.format = format;
    this.part = part;
  }

  /** What was wrong since it was last asked; null for nothing. */
  String problem() {
    String found = problem;
    problem = null;
    return found;
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    format.open(context);
    rows = new ArrayList<>();
  }

  @Override
  public RowData deserialize(byte[] message) {
    throw new UnsupportedOperationException("rows are collected");
  }

  @Override
  public void deserialize(byte[] message, Collector<RowData> out) throws IOException {
    rows.clear();
    try {
      format.deserialize(message, new Rows(rows));
    } catch (SchemaRegistryException e) {
      throw e; // no record is to blame
    } catch (UndecodableException e) {
      problem = part.equals(KEY) ? "its key: " + e.getMessage() : e.getMessage();
      return;
    } catch (Exception e) {
      problem = "its %s does not fit the format and the columns (%s)".formatted(part, cause(e));
      return;
    }
    // Outside: what operators throw that follow is not the format's.
    rows.forEach(out::collect);
  }

  @Override
  public boolean isEndOfStream(RowData next) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return format.getProducedType();
  }

  /** The class of the deepest exception, and the field that Flink names; never a message. */
  private static String cause(Throwable exception) {
    String field = "";
    Throwable deepest = exception;
    Throwable next = exception;
    for (int depth = 0; next != null && depth < DEEPEST; depth++) {
      Matcher match = FIELD.matcher(String.valueOf(next.getMessage()));
      if (match.matches()) {
        field += (field.isEmpty() ? " at field " : ".") + match.group(1);
      }
      deepest = next;
      next = next.getCause();
    }
    return deepest.getClass().getSimpleName() + field;
  }

  private record Rows(List<RowData> rows) implements Collector<RowData> {
    @Override
    public void collect(RowData row) {
      rows.add(row);
    }

    @Override
    public void close() {}
  }
}
