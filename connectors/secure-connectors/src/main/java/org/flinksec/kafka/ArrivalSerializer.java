// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.Letter;

/**
 * Brings arrivals to the operator that takes them apart. As a rule that is in the same chain, and
 * then nothing is copied.
 */
final class ArrivalSerializer extends TypeSerializer<Arrival> {
  private static final long serialVersionUID = 1L;

  private final TypeSerializer<Row> rows;

  ArrivalSerializer(TypeSerializer<Row> rows) {
    this.rows = rows;
  }

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public TypeSerializer<Arrival> duplicate() {
    TypeSerializer<Row> own = rows.duplicate();
    return own == rows ? this : new ArrivalSerializer(own);
  }

  @Override
  public Arrival createInstance() {
    return new Arrival(new byte[0]);
  }

  @Override
  public Arrival copy(Arrival from) {
    return from;
  }

  @Override
  public Arrival copy(Arrival from, Arrival reuse) {
    return from;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(Arrival arrival, DataOutputView target) throws IOException {
    Letter.write(arrival.letter(), target);
    if (arrival.letter() == null) {
      rows.serialize(arrival.row(), target);
      Letter.write(arrival.original(), target);
    }
  }

  @Override
  public Arrival deserialize(DataInputView source) throws IOException {
    byte[] letter = Letter.read(source);
    return letter != null
        ? new Arrival(letter)
        : new Arrival(rows.deserialize(source), Letter.readOriginal(source));
  }

  @Override
  public Arrival deserialize(Arrival reuse, DataInputView source) throws IOException {
    return deserialize(source);
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) throws IOException {
    serialize(deserialize(source), target);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ArrivalSerializer that && that.rows.equals(rows);
  }

  @Override
  public int hashCode() {
    return rows.hashCode();
  }

  /** Arrivals are in no state, so nothing is ever restored with this. */
  @Override
  public TypeSerializerSnapshot<Arrival> snapshotConfiguration() {
    throw new UnsupportedOperationException("arrivals from Kafka are in no state");
  }
}
