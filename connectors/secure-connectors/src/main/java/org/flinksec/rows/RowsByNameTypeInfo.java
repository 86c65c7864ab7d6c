// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.util.AbstractMap;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;

/**
 * The type of a dict of rows: Flink's own for maps, told apart by its class from that of other
 * maps, so that thread mode converts it by {@link ValuesForPython}.
 */
public final class RowsByNameTypeInfo extends MapTypeInfo<String, Row> {
  private static final long serialVersionUID = 1L;

  RowsByNameTypeInfo(RowTypeInfo rows) {
    super(Types.STRING, rows);
  }

  @Override
  @SuppressWarnings({"unchecked", "rawtypes"})
  public Class<Map<String, Row>> getTypeClass() {
    return (Class) AbstractMap.class;
  }
}
