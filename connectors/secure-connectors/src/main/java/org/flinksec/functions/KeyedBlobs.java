// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.types.Row;

/**
 * The states of a keyed Python function: one blob for each key and state.
 *
 * <p>Python registers what its function asks for in {@code open}.
 */
public final class KeyedBlobs {
  private final RuntimeContext context;
  private final KeyedStateBackend<Row> backend;
  private final List<ValueState<byte[]>> states = new ArrayList<>();
  private boolean canStay = true;
  private RuntimeException failure;

  KeyedBlobs(RuntimeContext context, KeyedStateBackend<Row> backend) {
    this.context = context;
    this.backend = backend;
  }

  /**
   * Adds a state; called by Python.
   *
   * @param name of the state
   * @param type what it holds, see {@link StateTypes}
   * @param small whether a value takes little memory, and is not changed where it is
   * @param timeToLive see {@link TimeToLive}; null for any time
   */
  public void register(String name, String type, boolean small, byte[] timeToLive) {
    ValueStateDescriptor<byte[]> descriptor =
        new ValueStateDescriptor<>(name, new BlobSerializer(name, type));
    canStay &= small && timeToLive == null;
    if (timeToLive != null) {
      descriptor.enableTimeToLive(TimeToLive.read(timeToLive));
    }
    try {
      states.add(context.getState(descriptor));
    } catch (RuntimeException refused) {
      failure = refused;
      throw refused;
    }
  }

  /**
   * Throws what the last registration has thrown, if it has: Pemja leaves causes out, which say
   * what is wrong with the state that is there.
   */
  void requireRegistered() {
    if (failure != null) {
      throw failure;
    }
  }

  /** Whether Python may keep states from batch to batch. */
  boolean canStay() {
    return canStay;
  }

  /** The states of some keys: for each state an array of the keys' blobs. */
  void write(List<Row> keys, Packer packer) throws Exception {
    int count = keys.size();
    packer.arrayHeader(states.size());
    for (ValueState<byte[]> state : states) {
      packer.arrayHeader(count);
      for (Row key : keys) {
        backend.setCurrentKey(key);
        byte[] blob = state.value();
        if (blob == null) {
          packer.nil();
        } else {
          packer.binary(blob);
        }
      }
    }
  }

  /** Takes what has changed: null, or for each state places of keys and blobs in turns. */
  void read(List<Row> keys, Unpacker answer) throws Exception {
    if (answer.nil()) {
      return;
    }
    int count = answer.arrayHeader();
    for (int i = 0; i < count; i++) {
      ValueState<byte[]> state = states.get(i);
      int entries = answer.arrayHeader();
      for (int j = 0; j < entries; j += 2) {
        backend.setCurrentKey(keys.get(answer.small()));
        if (answer.nil()) {
          state.clear();
        } else {
          state.update(answer.binary());
        }
      }
    }
  }
}
