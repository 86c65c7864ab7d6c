// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Files that writers have ended and that readers do not see yet, by their partitions. */
final class Unseen {
  private static final int VERSION = 1;

  private final Map<String, String> partitions = new HashMap<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private final Set<String> open = new TreeSet<>();

  /** Takes note of a file that is written, in a partition whose end is awaited or not. */
  void add(String file, String partition, boolean isAwaited) {
    if (partitions.put(file, partition) == null) {
      counts.merge(partition, 1, Integer::sum);
    }
    if (isAwaited) {
      open.add(partition);
    }
  }

  /** Takes note that readers see what is in a file. */
  void remove(String file) {
    String partition = partitions.remove(file);
    if (partition != null) {
      counts.computeIfPresent(partition, (name, count) -> count == 1 ? null : count - 1);
    }
  }

  boolean has(String file) {
    return partitions.containsKey(file);
  }

  /** All of them. */
  List<String> files() {
    return List.copyOf(partitions.keySet());
  }

  /** The partitions whose end is awaited, all of whose files readers see. */
  Collection<String> whole() {
    return open.stream().filter(partition -> !counts.containsKey(partition)).toList();
  }

  /** Waits no more for the end of a partition. */
  void close(String partition) {
    open.remove(partition);
  }

  /** All of it in bytes, that a checkpoint keeps. */
  byte[] written(long watermark) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(256);
    out.writeInt(VERSION);
    out.writeLong(watermark);
    Map<String, List<String>> files = new TreeMap<>();
    open.forEach(partition -> files.put(partition, new ArrayList<>()));
    partitions.forEach(
        (file, partition) -> files.computeIfAbsent(partition, p -> new ArrayList<>()).add(file));
    out.writeInt(files.size());
    for (Map.Entry<String, List<String>> entry : files.entrySet()) {
      out.writeUTF(entry.getKey());
      out.writeBoolean(open.contains(entry.getKey()));
      out.writeInt(entry.getValue().size());
      for (String file : entry.getValue()) {
        out.writeUTF(file);
      }
    }
    return out.getCopyOfBuffer();
  }

  /** Takes in what {@link #written} had made, and returns the watermark. */
  long read(byte[] bytes) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    int version = in.readInt();
    if (version != VERSION) {
      throw new IOException("state of version %d of files that are not seen".formatted(version));
    }
    long watermark = in.readLong();
    for (int names = in.readInt(); names > 0; names--) {
      String name = in.readUTF();
      boolean isOpen = in.readBoolean();
      if (isOpen) {
        open.add(name);
      }
      for (int files = in.readInt(); files > 0; files--) {
        add(in.readUTF(), name, isOpen);
      }
    }
    return watermark;
  }
}
