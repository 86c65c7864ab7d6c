// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.Original;
import org.flinksec.rows.Shape;

/**
 * What goes to Python in one call: records, or timers that fire, with the keys that they are for.
 *
 * <p>Records are written when they come, as objects may be used again. Keys may stay from batch to
 * batch, each at its place: Python then has their states.
 */
final class Batch {
  static final int RECORDS = 0;
  static final int EVENT_TIMERS = 1;
  static final int PROCESSING_TIMERS = 2;

  /** The timestamp of what has none. */
  static final long NO_TIME = Long.MIN_VALUE;

  private static final int FIRST = 1024;
  private static final int MOST_KEYS = 10_000;
  private static final int MOST_KEY_BYTES = 1 << 22;
  private static final Packer NOTHING = new Packer();

  private final Crossing input;
  private final Crossing key;
  private final Current current;
  private final Packer records = new Packer();
  private final Packer keyBytes = new Packer();
  private final Packer head = new Packer();
  private final Map<Object, Integer> slots = new HashMap<>();
  private final List<Row> keys = new ArrayList<>();
  private final List<Original> originals = new ArrayList<>();
  private int kind;
  private int size;
  private int number;
  private int told; // so many of the keys Python has from batches before
  private long toldBytes;
  private int[] usedIn = new int[FIRST]; // by a key's place: the number of its last batch
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

  /** The keys, each once, in the order of their places; also those that stayed. */
  List<Row> keys() {
    return keys;
  }

  /** Whether no more keys are to stay. */
  boolean hasManyKeys() {
    return keys.size() >= MOST_KEYS || toldBytes + keyBytes.size() >= MOST_KEY_BYTES;
  }

  /** Whether this batch has an item of a key. */
  boolean has(Row someKey) {
    Integer found = slots.get(identity(someKey));
    return found != null && usedIn[found] == number;
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
    Object identity = identity(ofKey);
    Integer found = slots.get(identity);
    if (found != null) {
      usedIn[found] = number;
      return found;
    }
    int made = keys.size();
    if (made == usedIn.length) {
      usedIn = Arrays.copyOf(usedIn, made * 2);
    }
    usedIn[made] = number;
    slots.put(identity, made);
    keys.add(ofKey);
    key.writeOrNil(ofKey.getField(0), keyBytes);
    return made;
  }

  /** What tells keys apart: the row itself would look at its fields one by one. */
  private static Object identity(Row ofKey) {
    Object only = ofKey.getField(0);
    return only instanceof String || only instanceof Long ? only : ofKey;
  }

  /**
   * The bytes for Python: an array of the kind; the watermark or null; timestamps or nulls, or null
   * if no item has one; states of new keys; the place of each item's key; new keys; how many keys
   * are there from batches before; whether Python is to give back all states that it has changed;
   * and records. The three in the middle are null where there are no keys, and the last for timers.
   */
  byte[] frame(long watermark, KeyedBlobs states, boolean giveBack) throws Exception {
    head.clear();
    head.arrayHeader(9);
    head.whole(kind);
    timeOrNil(watermark);
    writeTimes();
    if (key == null) {
      head.nil();
      head.nil();
      head.nil();
    } else {
      List<Row> made = keys.subList(told, keys.size());
      states.write(made, head);
      head.arrayHeader(size);
      for (int i = 0; i < size; i++) {
        head.whole(slot[i]);
      }
      head.arrayHeader(made.size());
      head.append(keyBytes);
    }
    head.whole(told);
    head.bool(giveBack);
    if (kind != RECORDS) {
      head.nil();
      return head.with(NOTHING);
    }
    head.arrayHeader(size);
    return head.with(records);
  }

  private void writeTimes() {
    boolean none = kind == RECORDS;
    for (int i = 0; none && i < size; i++) {
      none = times[i] == NO_TIME;
    }
    if (none) {
      head.nil();
      return;
    }
    head.arrayHeader(size);
    for (int i = 0; i < size; i++) {
      timeOrNil(times[i]);
    }
  }

  private void timeOrNil(long time) {
    if (time == NO_TIME) {
      head.nil();
    } else {
      head.whole(time);
    }
  }

  /** Tells for a message which items of the batch it may be about; nothing of none of it. */
  String where(int... places) {
    int[] items = Arrays.stream(places).filter(place -> 0 <= place && place < size).toArray();
    if (items.length == 0) {
      return "";
    }
    String what = kind == RECORDS ? "record" : "timer";
    String place =
        items.length == 1
            ? "in %s %d of a batch of %d".formatted(what, items[0] + 1, size)
            : "in one of %d %ss of a batch of %d".formatted(items.length, what, size);
    List<Original> known =
        Arrays.stream(items).mapToObj(this::original).filter(Objects::nonNull).toList();
    return known.isEmpty() ? place : place + ", " + Offsets.of(known);
  }

  /**
   * Forgets the items.
   *
   * @param keysStay whether Python keeps the keys and their states
   */
  void clear(boolean keysStay) {
    size = 0;
    number++;
    records.clear();
    originals.clear();
    if (keysStay) {
      toldBytes += keyBytes.size();
    } else {
      slots.clear();
      keys.clear();
      toldBytes = 0;
    }
    told = keys.size();
    keyBytes.clear();
  }
}
