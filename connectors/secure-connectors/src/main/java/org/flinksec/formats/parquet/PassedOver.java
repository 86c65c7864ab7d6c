// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.util.List;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.Type;

/** Columns within others that the record does not have. */
final class PassedOver {
  private PassedOver() {}

  static Converter of(Type column) {
    if (column.isPrimitive()) {
      return new Value();
    }
    List<Converter> within = column.asGroupType().getFields().stream().map(PassedOver::of).toList();
    return new GroupConverter() {
      @Override
      public Converter getConverter(int field) {
        return within.get(field);
      }

      @Override
      public void start() {}

      @Override
      public void end() {}
    };
  }

  private static final class Value extends PrimitiveConverter {
    @Override
    public void addBinary(Binary value) {}

    @Override
    public void addBoolean(boolean value) {}

    @Override
    public void addDouble(double value) {}

    @Override
    public void addFloat(float value) {}

    @Override
    public void addInt(int value) {}

    @Override
    public void addLong(long value) {}
  }
}
