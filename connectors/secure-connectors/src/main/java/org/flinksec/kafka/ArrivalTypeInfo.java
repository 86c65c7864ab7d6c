// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.types.Row;

/** Flink's view of arrivals of rows of one type. */
final class ArrivalTypeInfo extends TypeInformation<Arrival> {
  private static final long serialVersionUID = 1L;

  private final TypeInformation<Row> rows;

  ArrivalTypeInfo(TypeInformation<Row> rows) {
    this.rows = rows;
  }

  @Override
  public boolean isBasicType() {
    return false;
  }

  @Override
  public boolean isTupleType() {
    return false;
  }

  @Override
  public int getArity() {
    return 1;
  }

  @Override
  public int getTotalFields() {
    return 1;
  }

  @Override
  public Class<Arrival> getTypeClass() {
    return Arrival.class;
  }

  @Override
  public boolean isKeyType() {
    return false;
  }

  @Override
  public TypeSerializer<Arrival> createSerializer(SerializerConfig config) {
    return new ArrivalSerializer(rows.createSerializer(config));
  }

  @Override
  public String toString() {
    return "Arrival(" + rows + ")";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ArrivalTypeInfo that && that.rows.equals(rows);
  }

  @Override
  public int hashCode() {
    return rows.hashCode();
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof ArrivalTypeInfo;
  }
}
