// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.List;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.types.Row;

/** What a keyed function has in Flink: keys, states and timers. */
final class KeyedSide {
  private final KeySelector<Object, Row> selector;
  private final KeyedStateBackend<Row> backend;
  private final InternalTimerService<VoidNamespace> timers;
  private final KeyedBlobs states;
  private final KeyPlaces places;

  KeyedSide(
      KeySelector<Object, Row> selector,
      KeyedStateBackend<Row> backend,
      InternalTimerService<VoidNamespace> timers,
      KeyedBlobs states,
      KeyPlaces places) {
    this.selector = selector;
    this.backend = backend;
    this.timers = timers;
    this.states = states;
    this.places = places;
  }

  Row keyOf(Object element) throws Exception {
    return selector.getKey(element);
  }

  KeyedBlobs states() {
    return states;
  }

  KeyPlaces places() {
    return places;
  }

  long watermark() {
    return timers.currentWatermark();
  }

  /** Whether Python may keep the states of all keys that there are. */
  boolean statesStay() {
    return states.canStay() && !places.areMany();
  }

  /** Takes what a batch has changed: states, then timers. */
  void take(List<Row> keys, Unpacker answer) throws Exception {
    states.read(keys, answer);
    int count = answer.arrayHeader();
    for (int i = 0; i < count; i += 3) {
      backend.setCurrentKey(keys.get(answer.small()));
      int what = answer.small();
      long when = answer.whole();
      switch (what) {
        case 0 -> timers.registerEventTimeTimer(VoidNamespace.INSTANCE, when);
        case 1 -> timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, when);
        case 2 -> timers.deleteEventTimeTimer(VoidNamespace.INSTANCE, when);
        default -> timers.deleteProcessingTimeTimer(VoidNamespace.INSTANCE, when);
      }
    }
  }

  /** Puts a timer of the current key back, which fires again as soon as its time is looked at. */
  void putBack(long time, int kind) {
    if (kind == Batch.EVENT_TIMERS) {
      timers.registerEventTimeTimer(VoidNamespace.INSTANCE, time);
    } else {
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, time);
    }
  }
}
