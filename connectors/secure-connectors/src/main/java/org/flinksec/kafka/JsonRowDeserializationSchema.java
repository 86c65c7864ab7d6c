// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.flinksec.json.JsonToRow;

/** Reads Kafka records whose values are JSON objects. */
public final class JsonRowDeserializationSchema {
  private JsonRowDeserializationSchema() {}

  /** See {@link RowDeserializationSchema#of}. */
  public static RowDeserializationSchema of(
      TypeInformation<?> rowType,
      Map<String, String> metadata,
      List<String> required,
      String onError,
      String eventTime,
      int mostSkipped) {
    return RowDeserializationSchema.of(
        rowType, metadata, required, onError, eventTime, mostSkipped, JsonToRow::new);
  }
}
