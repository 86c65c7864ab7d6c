// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.Original;
import org.flinksec.rows.Shape;

/**
 * What goes to Python in one call: records, or timers that fire, with the keys that they are for.
 *
 * <p>Records are written when they come, as objects may be used again.
 */
final class Batch {
  static final int RECORDS = 0;
  static final int EVENT_TIMERS = 1;
  static final int PROCESSING_TIMERS = 2;

  /** The timestamp of what has none. */
  static final long NO_TIME = Long.MIN_VALUE;

  private static final int FIRST = 1024;
  private static final Packer NOTHING = new Packer();

  private final Crossing input;
  private final Crossing key;
  private final Current current;
  private final Packer records = new Packer();
  private final Packer keyBytes = new Packer();
  private final Packer head = new Packer();
  private final Map<Row, Integer> slots = new HashMap<>();
  private final List<Row> keys = new ArrayList<>();
  private final List<Original> originals = new ArrayList<>();
  private int kind;
  private int size;
  private int[] slot = new int[FIRST];
  private long[] times = new long[FIRST];

  /**
   * @param key null without keys
   * @param current null if it is not known what elements were made of
   */
  Batch(Shape input, Shape key, Current current) {
    this.input = Crossing.of(input);
    this.key = key == null ? null : Crossing.of(key);
    this.current = current;
  }

  int kind() {
    return kind;
  }

  boolean holdsTimers() {
    return kind != RECORDS;
  }

  /** How many bytes the records have. */
  int bytes() {
    return records.size();
  }

  /** The keys, each once, in the order of their places. */
  List<Row> keys() {
    return keys;
  }

  boolean has(Row someKey) {
    return slots.containsKey(someKey);
  }

  /** The timestamp of an item; {@link #NO_TIME} for none. */
  long time(int item) {
    return kind == PROCESSING_TIMERS ? NO_TIME : times[item];
  }

  /** The record that an item was made of; null if that is not known. */
  Original original(int item) {
    return item < originals.size() ? originals.get(item) : null;
  }

  void add(Row ofKey, Object value, StreamRecord<?> element) {
    kind = RECORDS;
    next(ofKey, element.hasTimestamp() ? element.getTimestamp() : NO_TIME);
    input.writeOrNil(value, records);
    if (current != null) {
      originals.add(current.original());
    }
  }

  void addTimer(Row ofKey, long time, int ofKind) {
    kind = ofKind;
    next(ofKey, time);
  }

  private void next(Row ofKey, long time) {
    if (size == times.length) {
      slot = Arrays.copyOf(slot, size * 2);
      times = Arrays.copyOf(times, size * 2);
    }
    if (key != null) {
      slot[size] = slotOf(ofKey);
    }
    times[size++] = time;
  }

  private int slotOf(Row ofKey) {
    Integer found = slots.get(ofKey);
    if (found != null) {
      return found;
    }
    int made = keys.size();
    slots.put(ofKey, made);
    keys.add(ofKey);
    key.writeOrNil(ofKey.getField(0), keyBytes);
    return made;
  }

  /**
   * The bytes for Python: an array of the kind, the watermark or null, timestamps or nulls, keys,
   * the place of each item's key, states, and records; the three before the last are null where
   * there are no keys, and the last for timers.
   */
  byte[] frame(long watermark, KeyedBlobs states) throws Exception {
    head.clear();
    head.arrayHeader(7);
    head.whole(kind);
    timeOrNil(watermark);
    head.arrayHeader(size);
    for (int i = 0; i < size; i++) {
      timeOrNil(times[i]);
    }
    if (key == null) {
      head.nil();
      head.nil();
      head.nil();
    } else {
      states.write(keys, head);
      head.arrayHeader(size);
      for (int i = 0; i < size; i++) {
        head.whole(slot[i]);
      }
      head.arrayHeader(keys.size());
      head.append(keyBytes);
    }
    if (kind != RECORDS) {
      head.nil();
      return head.with(NOTHING);
    }
    head.arrayHeader(size);
    return head.with(records);
  }

  private void timeOrNil(long time) {
    if (time == NO_TIME) {
      head.nil();
    } else {
      head.whole(time);
    }
  }

  /** Tells for a message which item of the batch it is. */
  String where(int item) {
    if (item < 0 || item >= size) {
      return "";
    }
    String what = kind == RECORDS ? "record" : "timer";
    String place = "in %s %d of a batch of %d".formatted(what, item + 1, size);
    Original original = original(item);
    return original == null ? place : place + ", " + original.origin().one();
  }

  /** Forgets all. */
  void clear() {
    size = 0;
    records.clear();
    keyBytes.clear();
    slots.clear();
    keys.clear();
    originals.clear();
  }
}
