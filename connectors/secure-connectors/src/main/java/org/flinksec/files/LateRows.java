// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Partitions, and how many rows came to one after its time was over; used by one thread. */
final class LateRows implements BucketAssigner<Object, String> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(LateRows.class);
  private static final int REMEMBERED = 10_000;

  private final String directory;
  private final Partitions partitions;
  private final PartitionEnds ends;
  private final transient Counter late;
  private final Map<String, Long> known = new HashMap<>();

  LateRows(Partitions partitions, PartitionEnds ends, Counter late, String directory) {
    this.directory = directory;
    this.partitions = partitions;
    this.ends = ends;
    this.late = late;
  }

  @Override
  public String getBucketId(Object element, Context context) {
    String partition = partitions.getBucketId(element, context);
    if (known.size() > REMEMBERED) {
      known.clear();
    }
    if (known.computeIfAbsent(partition, ends::end) <= context.currentWatermark()) {
      if (late.getCount() == 0) {
        LOG.warn(
            "Rows for {} come after the watermark has passed the end of their partitions; they are"
                + " written, and counted by flinksec.lateRows",
            directory);
      }
      late.inc();
    }
    return partition;
  }

  @Override
  public SimpleVersionedSerializer<String> getSerializer() {
    return partitions.getSerializer();
  }
}
