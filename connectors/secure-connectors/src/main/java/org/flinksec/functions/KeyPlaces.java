// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/**
 * The keys of batches, each at its place.
 *
 * <p>They may stay from batch to batch: Python then has their states.
 */
final class KeyPlaces {
  private static final int FIRST = 1024;
  private static final int MOST_KEYS = 10_000;
  private static final int MOST_BYTES = 1 << 22;

  private final Crossing key;
  private final Packer bytes = new Packer(); // of those that Python is not told of
  private Map<Object, Integer> places = new HashMap<>();
  private List<Row> keys = new ArrayList<>();
  private int told; // so many of the keys Python has from batches before
  private long toldBytes;
  private int number;
  private int[] usedIn = new int[FIRST]; // by a key's place: the number of its last batch

  KeyPlaces(Shape key) {
    this.key = Crossing.of(key);
  }

  /** The place of a key in the batch that is collected. */
  int placeOf(Row ofKey) {
    Object identity = identity(ofKey);
    Integer found = places.get(identity);
    if (found != null) {
      usedIn[found] = number;
      return found;
    }
    int made = keys.size();
    if (made == usedIn.length) {
      usedIn = Arrays.copyOf(usedIn, made * 2);
    }
    usedIn[made] = number;
    places.put(identity, made);
    keys.add(ofKey);
    key.writeOrNil(ofKey.getField(0), bytes);
    return made;
  }

  /** What tells keys apart: the row itself would look at its fields one by one. */
  private static Object identity(Row ofKey) {
    Object only = ofKey.getField(0);
    return only instanceof String || only instanceof Long ? only : ofKey;
  }

  /** Whether the batch that is collected has an item of a key. */
  boolean has(Row someKey) {
    Integer found = places.get(identity(someKey));
    return found != null && usedIn[found] == number;
  }

  /** Whether no more keys are to stay. */
  boolean areMany() {
    return keys.size() >= MOST_KEYS || toldBytes + bytes.size() >= MOST_BYTES;
  }

  /** The keys, each once, in the order of their places; also those that stayed. */
  List<Row> all() {
    return keys;
  }

  /** How many keys Python has from batches before. */
  int told() {
    return told;
  }

  /** Those of which Python is not told yet. */
  List<Row> untold() {
    return keys.subList(told, keys.size());
  }

  /** Writes the keys of which Python is not told yet. */
  void writeUntold(Packer packer) {
    packer.arrayHeader(keys.size() - told);
    packer.append(bytes);
  }

  /**
   * Notes that a batch goes to Python: the next begins.
   *
   * @param stay whether Python keeps the keys and their states; else whoever has asked for {@link
   *     #all} keeps them for the answer, and all begins anew
   */
  void next(boolean stay) {
    number++;
    if (stay) {
      toldBytes += bytes.size();
    } else {
      places = new HashMap<>();
      keys = new ArrayList<>();
      toldBytes = 0;
    }
    told = keys.size();
    bytes.clear();
  }
}
