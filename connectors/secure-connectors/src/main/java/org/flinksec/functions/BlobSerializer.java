// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Serializes the state of one key that a Python function holds: bytes that Python has made, of a
 * type that is kept beside them in checkpoints.
 *
 * <p>Nobody changes the arrays, so none is copied.
 */
final class BlobSerializer extends TypeSerializer<byte[]> {
  private static final long serialVersionUID = 1L;
  private static final byte[] NOTHING = {};

  private final String state;
  private final String type;

  /**
   * @param state its name
   * @param type what it holds, see {@link StateTypes}
   */
  BlobSerializer(String state, String type) {
    this.state = state;
    this.type = type;
  }

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public TypeSerializer<byte[]> duplicate() {
    return this;
  }

  @Override
  public byte[] createInstance() {
    return NOTHING;
  }

  @Override
  public byte[] copy(byte[] from) {
    return from;
  }

  @Override
  public byte[] copy(byte[] from, byte[] reuse) {
    return from;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(byte[] blob, DataOutputView target) throws IOException {
    target.writeInt(blob.length);
    target.write(blob);
  }

  @Override
  public byte[] deserialize(DataInputView source) throws IOException {
    byte[] blob = new byte[source.readInt()];
    source.readFully(blob);
    return blob;
  }

  @Override
  public byte[] deserialize(byte[] reuse, DataInputView source) throws IOException {
    return deserialize(source);
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) throws IOException {
    serialize(deserialize(source), target);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BlobSerializer that
        && state.equals(that.state)
        && type.equals(that.type);
  }

  @Override
  public int hashCode() {
    return Objects.hash(state, type);
  }

  /** Flink names it where a state is read by another one: by PyFlink's own way, without batches. */
  @Override
  public String toString() {
    return "state '%s' of fast(...), which only fast(...) reads".formatted(state);
  }

  @Override
  public TypeSerializerSnapshot<byte[]> snapshotConfiguration() {
    return new Snapshot(state, type);
  }

  /** What a checkpoint keeps of the serializer: the state's name and its type. */
  public static final class Snapshot implements TypeSerializerSnapshot<byte[]> {
    private String state;
    private String type;

    /** For Flink, which reads what it holds. */
    public Snapshot() {}

    Snapshot(String state, String type) {
      this.state = state;
      this.type = type;
    }

    @Override
    public int getCurrentVersion() {
      return 1;
    }

    @Override
    public void writeSnapshot(DataOutputView out) throws IOException {
      out.writeUTF(state);
      write(out, type);
    }

    private static void write(DataOutputView out, String text) throws IOException {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      out.writeInt(bytes.length);
      out.write(bytes);
    }

    @Override
    public void readSnapshot(int version, DataInputView in, ClassLoader loader) throws IOException {
      if (version != 1) {
        throw new IOException(
            "state of a Python function is of version %d; this release reads version 1"
                .formatted(version));
      }
      state = in.readUTF();
      byte[] bytes = new byte[in.readInt()];
      in.readFully(bytes);
      type = new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public TypeSerializer<byte[]> restoreSerializer() {
      return new BlobSerializer(state, type);
    }

    /**
     * Blobs name their fields, so that what can be read at all can be read as it is.
     *
     * @throws StateTypes.OtherTypeException if the job declares what these cannot be read as
     */
    @Override
    public TypeSerializerSchemaCompatibility<byte[]> resolveSchemaCompatibility(
        TypeSerializerSnapshot<byte[]> old) {
      if (!(old instanceof Snapshot before)) {
        throw new StateTypes.OtherTypeException(
            ("the state '%s' was written by PyFlink's own way of running functions, which"
                    + " fast(...) cannot read; run the function without fast(...), or start from"
                    + " nothing")
                .formatted(state));
      }
      StateTypes.require(state, before.type, type);
      return TypeSerializerSchemaCompatibility.compatibleAsIs();
    }
  }
}
