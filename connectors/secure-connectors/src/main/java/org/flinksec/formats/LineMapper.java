// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.rows.Shape;

/** Turns rows into lines of a format of text, so that a sink of text needs no Python. */
public final class LineMapper implements MapFunction<Row, String>, ResultTypeQueryable<String> {
  private static final long serialVersionUID = 1L;

  private final RowEncoder encoder;
  private final boolean severalLines;
  private final String target;

  private LineMapper(RowEncoder encoder, boolean severalLines, String target) {
    this.encoder = encoder;
    this.severalLines = severalLines;
    this.target = target;
  }

  /**
   * @param rowType a row type with names
   * @param format whose records are text in UTF-8
   * @param severalLines whether a record may hold line ends, since the format tells them from its
   *     own
   * @param target what the rows go to, for messages
   * @throws IllegalArgumentException if the format has no form for the rows
   */
  public static LineMapper of(
      TypeInformation<?> rowType, RowEncoder.Factory format, boolean severalLines, String target) {
    return new LineMapper(format.of(Shape.of(rowType)), severalLines, target);
  }

  @Override
  public String map(Row row) {
    byte[] record;
    try {
      record = encoder.write(row);
    } catch (UnencodableException e) {
      throw new UnwritableLineException(target, e.getMessage());
    }
    if (record == null) {
      throw new UnwritableLineException(target, "it has no value");
    }
    String line = new String(record, StandardCharsets.UTF_8);
    if (!severalLines && (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0)) {
      throw new UnwritableLineException(target, "it holds a line end, and each line is a record");
    }
    return line;
  }

  @Override
  public TypeInformation<String> getProducedType() {
    return Types.STRING;
  }
}
