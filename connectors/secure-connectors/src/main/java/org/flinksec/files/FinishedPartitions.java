// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks partitions that are finished, and removes hidden files that are of no use any more.
 *
 * <p>It hears of each file twice: when a writer has ended it, and when readers see its rows. A
 * partition is finished when, at a checkpoint that is completed, the watermark had passed its end,
 * and readers see all files of it that writers had ended. Writers end all files at a checkpoint,
 * and what they then say comes here before that checkpoint's barrier, as the watermark does; so
 * there is no row behind the watermark that this does not know of. (Flink allows no unaligned
 * checkpoints within a sink.) A row that comes later makes it open again, and it is marked anew.
 */
final class FinishedPartitions extends AbstractStreamOperator<Void>
    implements TwoInputStreamOperator<
        CommittableMessage<FileSinkCommittable>, CommittableMessage<FileSinkCommittable>, Void> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(FinishedPartitions.class);
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final long PAUSE_MILLIS = 50;
  private static final ListStateDescriptor<byte[]> STATE =
      new ListStateDescriptor<>("unseen-files", BytePrimitiveArraySerializer.INSTANCE);

  private final String directory;
  private final PartitionEnds ends;
  private final String marker;
  private final boolean hasCheckpoints;
  private final String owner;

  private final boolean isMerged;

  private transient Unseen unseen;
  private transient TreeMap<Long, Long> watermarks;
  private transient long watermark;
  private transient long passed;
  private transient boolean isFinished;
  private transient long last;
  private transient ListState<byte[]> state;
  private transient HiddenLeftovers leftovers;

  /**
   * @param directory of the sink: a URI
   * @param ends of partitions; null if none is marked
   * @param marker the name of the file that marks a partition
   * @param hasCheckpoints whether the job makes checkpoints, without which all is seen at its end
   * @param owner of small files that are merged; null if they are not
   */
  FinishedPartitions(
      String directory, PartitionEnds ends, String marker, boolean hasCheckpoints, String owner) {
    this.directory = directory;
    this.ends = ends;
    this.marker = marker;
    this.hasCheckpoints = hasCheckpoints;
    this.owner = owner;
    this.isMerged = owner != null;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    unseen = new Unseen();
    watermarks = new TreeMap<>();
    watermark = Long.MIN_VALUE;
    last = Long.MAX_VALUE;
    passed = Long.MIN_VALUE;
    state = context.getOperatorStateStore().getListState(STATE);
    for (byte[] each : state.get()) {
      passed = Math.max(passed, unseen.read(each));
    }
    leftovers = owner == null ? null : new HiddenLeftovers(new Path(directory), owner);
  }

  @Override
  public void processElement1(StreamRecord<CommittableMessage<FileSinkCommittable>> written) {
    FileSinkCommittable file = file(written);
    if (file == null || !file.hasPendingFile()) {
      return;
    }
    String partition = file.getBucketId();
    boolean isAwaited = ends != null && ends.end(partition) != PartitionEnds.NEVER;
    String name = file.getPendingFile().getPath().getName();
    unseen.add(key(partition, name), partition, isAwaited);
    if (leftovers != null) {
      leftovers.seenAlive(name);
    }
  }

  @Override
  public void processElement2(StreamRecord<CommittableMessage<FileSinkCommittable>> seen)
      throws IOException {
    FileSinkCommittable file = file(seen);
    if (file == null) {
      return;
    }
    if (file.hasPendingFile()) {
      unseen.remove(key(file.getBucketId(), file.getPendingFile().getPath().getName()));
    }
    if (file.hasCompactedFileToCleanup()) {
      // Its rows are in another one.
      unseen.remove(key(file.getBucketId(), file.getCompactedFileToCleanup().getName()));
    }
    mark();
    if (leftovers != null) {
      leftovers.removeUseless(unseen::has);
    }
  }

  /** What a file is called below the directory of the sink. */
  static String key(String partition, String name) {
    return partition.isEmpty() ? name : partition + "/" + name;
  }

  private static FileSinkCommittable file(
      StreamRecord<CommittableMessage<FileSinkCommittable>> each) {
    return each.getValue() instanceof CommittableWithLineage<FileSinkCommittable> one
        ? one.getCommittable()
        : null;
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    super.processWatermark(mark);
    watermark = mark.getTimestamp();
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    long now = Math.max(watermark, passed);
    watermarks.put(context.getCheckpointId(), now);
    state.update(List.of(unseen.written(now)));
    if (isFinished) {
      last = Math.min(last, context.getCheckpointId());
    }
    if (leftovers != null) {
      leftovers.checkpoint(context.getCheckpointId(), isFinished);
    }
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) throws Exception {
    super.notifyCheckpointComplete(checkpoint);
    for (long each : watermarks.headMap(checkpoint, true).values()) {
      passed = Math.max(passed, each);
    }
    watermarks.headMap(checkpoint, true).clear();
    if (checkpoint >= last) {
      awaitCommits();
    }
    mark();
    if (leftovers != null) {
      leftovers.completed(checkpoint);
      leftovers.removeUseless(unseen::has);
    }
  }

  /**
   * Waits until readers see all files: what committers say at the last checkpoint does not come
   * here, since Flink passes nothing on to what has finished.
   */
  private void awaitCommits() throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    for (String file : unseen.files()) {
      Path path = new Path(new Path(directory), file);
      // A small file is there until the large one is seen; it was so before this checkpoint.
      while (path.getFileSystem().exists(path) == isMerged) {
        if (System.nanoTime() > end) {
          throw new IOException(
              "a file below %s is not committed %d minutes after the last checkpoint"
                  .formatted(directory, PATIENCE.toMinutes()));
        }
        Thread.sleep(PAUSE_MILLIS);
      }
      unseen.remove(file);
    }
  }

  @Override
  public void finish() throws Exception {
    super.finish();
    isFinished = true;
    // As the last watermark says, which Flink drops where a source is idle as it is drained.
    watermark = Watermark.MAX_WATERMARK.getTimestamp();
    if (!hasCheckpoints) {
      passed = watermark;
      mark();
    }
  }

  private void mark() throws IOException {
    if (ends == null) {
      return;
    }
    int marked = 0;
    for (String partition : unseen.whole()) {
      if (ends.end(partition) <= passed) {
        Path file = new Path(new Path(directory), key(partition, marker));
        file.getFileSystem().create(file, FileSystem.WriteMode.OVERWRITE).close();
        unseen.close(partition);
        marked++;
      }
    }
    if (marked > 0) {
      LOG.info("Marked {} finished partitions of {} with {}", marked, directory, marker);
    }
  }

  @Override
  public void close() throws Exception {
    if (leftovers != null) {
      leftovers.close();
    }
    super.close();
  }
}
