// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.badrecords.ElementJson;
import org.flinksec.json.FieldException;
import org.flinksec.json.JsonEncodingException;
import org.flinksec.json.RowToJson;
import org.flinksec.json.RowTypes;
import org.flinksec.json.UnwritableValueException;
import org.flinksec.rows.Shape;

/**
 * Makes documents of rows.
 *
 * <p>Of a table's changes a row that deletes becomes a deletion, and so does what a row was before,
 * which the writer leaves out where the document stays in its place.
 */
final class RowDocumentConverter extends DocumentConverter<Row> {
  private static final long serialVersionUID = 1L;

  private static final Set<TypeInformation<?>> TIMES =
      Set.of(Types.INSTANT, Types.LOCAL_DATE, Types.STRING);
  private static final Set<TypeInformation<?>> VERSIONS =
      Set.of(Types.LONG, Types.INT, Types.INSTANT);

  private final RowTypeInfo type;
  private final Addressing addressing;
  private final HashMap<String, Integer> positions = new HashMap<>();
  private final RowToJson json;
  private final int[] kept;

  /**
   * @param content which fields are in the document
   */
  RowDocumentConverter(RowTypeInfo type, Addressing addressing, Content content, int maxBytes) {
    super(maxBytes);
    this.type = type;
    this.addressing = addressing;
    for (Map.Entry<String, String> field : addressing.fields().entrySet()) {
      String name = field.getKey();
      positions.put(name, position(name, field.getValue()));
    }
    List<String> excluded = content.excluded();
    excluded.forEach(field -> RowTypes.position(type, field, "exclude"));
    Shape shape = Shape.of(type);
    List<String> names = shape.names().stream().filter(name -> !excluded.contains(name)).toList();
    this.kept = excluded.isEmpty() ? null : names.stream().mapToInt(shape::position).toArray();
    Shape written = excluded.isEmpty() ? shape : shape.only(names);
    this.json = content.omitNulls() ? RowToJson.withoutNulls(written) : new RowToJson(written);
  }

  private int position(String field, String purpose) {
    int position = RowTypes.position(type, field, purpose);
    TypeInformation<?> found = type.getTypeAt(position);
    if (purpose.equals("version_field")) {
      return require(VERSIONS.contains(found), position, field, purpose, "an int or a datetime");
    }
    boolean dated =
        addressing.index() != null
            && addressing.index().pieces().stream()
                .anyMatch(piece -> field.equals(piece.field()) && piece.date() != null);
    return dated
        ? require(TIMES.contains(found), position, field, "index", "a datetime or a date")
        : RowTypes.identifier(type, field, purpose, false);
  }

  private static int require(
      boolean fits, int position, String field, String purpose, String wanted) {
    if (!fits) {
      throw new FieldException("%s names '%s', which must be %s".formatted(purpose, field, wanted));
    }
    return position;
  }

  @Override
  boolean isBefore(Row row) {
    return row.getKind() == RowKind.UPDATE_BEFORE;
  }

  @Override
  DocumentRequest.Address address(Row row) {
    RowKind kind = row.getKind();
    return addressing.of(
        field -> row.getField(positions.get(field)),
        kind == RowKind.DELETE || kind == RowKind.UPDATE_BEFORE);
  }

  @Override
  DocumentRequest convert(Row row) {
    if (row.getArity() != type.getArity()) {
      throw new JsonEncodingException(
          "the row has %d fields, but its type declares %d"
              .formatted(row.getArity(), type.getArity()));
    }
    try {
      DocumentRequest.Address address = address(row);
      return new DocumentRequest(
          address, address.operation() == Operation.DELETE ? null : json.toBytes(written(row)));
    } catch (UnwritableValueException e) {
      throw new DocumentException(e.getMessage());
    }
  }

  private Row written(Row row) {
    if (kept == null) {
      return row;
    }
    Row written = new Row(kept.length);
    for (int i = 0; i < kept.length; i++) {
      written.setField(i, row.getField(kept[i]));
    }
    return written;
  }

  @Override
  byte[] inLetter(Row row) {
    return ElementJson.of(row, type);
  }
}
