// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.DataTypeQueryable;

/**
 * The type of the rows of a record: Flink's own, which besides knows the record's shape, so that a
 * sink far behind writes what the record says.
 *
 * <p>It equals any row type of the same fields, and has the same serializer: state does not differ.
 */
public final class RecordTypeInfo extends RowTypeInfo implements DataTypeQueryable {
  private static final long serialVersionUID = 1L;

  static {
    // Where operators are set up, before any of them makes its converters.
    ValuesForPython.install();
  }

  private final Shape shape;

  RecordTypeInfo(TypeInformation<?>[] types, String[] names, Shape shape) {
    super(types, names);
    this.shape = shape;
  }

  /** What the record is. */
  public Shape shape() {
    return shape;
  }

  /** What its rows are as a table, which Flink asks for where a stream becomes one. */
  @Override
  public DataType getDataType() {
    return TableTypes.dataType(shape);
  }
}
