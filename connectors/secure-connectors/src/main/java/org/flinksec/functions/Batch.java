// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
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

  private final Crossing input;
  private final KeyPlaces places;
  private final Current current;
  private final Packer records = new Packer();
  private final Packer head = new Packer();
  private final List<Original> originals = new ArrayList<>();
  private int kind;
  private int size;
  private int[] place = new int[FIRST];
  private long[] times = new long[FIRST];

  /**
   * @param places null without keys
   * @param current null if it is not known what elements were made of
   */
  Batch(Shape input, KeyPlaces places, Current current) {
    this.input = Crossing.of(input);
    this.places = places;
    this.current = current;
  }

  int kind() {
    return kind;
  }

  boolean holdsTimers() {
    return kind != RECORDS;
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** How many bytes the records have. */
  int bytes() {
    return records.size();
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
      place = Arrays.copyOf(place, size * 2);
      times = Arrays.copyOf(times, size * 2);
    }
    if (places != null) {
      place[size] = places.placeOf(ofKey);
    }
    times[size++] = time;
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
    if (places == null) {
      head.nil();
      head.nil();
      head.nil();
      head.whole(0);
    } else {
      states.write(places.untold(), head);
      head.arrayHeader(size);
      for (int i = 0; i < size; i++) {
        head.whole(place[i]);
      }
      places.writeUntold(head);
      head.whole(places.told());
    }
    head.bool(giveBack);
    if (kind != RECORDS) {
      head.nil();
      return head.copy();
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
  String where(int... items) {
    int[] known = Arrays.stream(items).filter(item -> 0 <= item && item < size).toArray();
    if (known.length == 0) {
      return "";
    }
    String what = kind == RECORDS ? "record" : "timer";
    String told =
        known.length == 1
            ? "in %s %d of a batch of %d".formatted(what, known[0] + 1, size)
            : "in one of %d %ss of a batch of %d".formatted(known.length, what, size);
    List<Original> read =
        Arrays.stream(known).mapToObj(this::original).filter(Objects::nonNull).toList();
    return read.isEmpty() ? told : told + ", " + Offsets.of(read);
  }

  /** Forgets the items. */
  void clear() {
    size = 0;
    kind = RECORDS;
    records.clear();
    originals.clear();
  }
}
