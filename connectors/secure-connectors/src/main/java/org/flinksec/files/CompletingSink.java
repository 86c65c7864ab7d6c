// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.connector.file.sink.committer.FileCommitter;
import org.apache.flink.connector.file.sink.compactor.FileCompactStrategy;
import org.apache.flink.connector.file.sink.compactor.RecordWiseFileCompactor;
import org.apache.flink.connector.file.sink.compactor.operator.CompactCoordinatorFactory;
import org.apache.flink.connector.file.sink.compactor.operator.CompactorRequest;
import org.apache.flink.connector.file.sink.compactor.operator.CompactorRequestTypeInfo;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketWriter;
import org.apache.flink.streaming.api.functions.sink.filesystem.BulkBucketWriter;

/**
 * A sink of files that compacts small ones before readers see them, marks partitions that are
 * finished, or both.
 *
 * <p>Flink's own compaction: writers make hidden files, which are merged by one hidden file's being
 * written of several; that one is committed, and the others are removed. Readers see each row once.
 */
public final class CompletingSink extends DirectorySink
    implements SupportsPreCommitTopology<FileSinkCommittable, FileSinkCommittable>,
        SupportsPostCommitTopology<FileSinkCommittable> {
  private static final long serialVersionUID = 1L;
  private static final String LATE = "lateRows";

  private final Partitions partitions;
  private final Merging merging;
  private final PartitionEnds ends;
  private final String marker;
  private transient DataStream<CommittableMessage<FileSinkCommittable>> written;

  /**
   * How small files become large ones.
   *
   * @param files makes one file of several, whose paths it is given
   * @param size in bytes, that files of a partition are gathered to
   * @param checkpoints after which they are merged whatever their size
   */
  public record Merging(BulkWriter.Factory<Path> files, long size, int checkpoints)
      implements java.io.Serializable {
    private FileCompactStrategy strategy() {
      return FileCompactStrategy.Builder.newBuilder()
          .setSizeThreshold(size)
          .enableCompactionOnCheckpoint(checkpoints)
          .build();
    }
  }

  /**
   * @param merging null if files are not compacted
   * @param ends of partitions; null if they are not marked
   * @param marker the name of the file that marks a finished partition
   * @see DirectorySink the rest
   */
  public CompletingSink(
      String directory,
      BulkWriter.Factory<Object> files,
      Partitions partitions,
      Rolling rolling,
      String suffix,
      String owner,
      Merging merging,
      PartitionEnds ends,
      String marker) {
    super(directory, files, partitions, rolling, suffix, owner);
    this.partitions = partitions;
    this.merging = merging;
    this.ends = ends;
    this.marker = marker;
  }

  @Override
  FileSink.DefaultBulkFormatBuilder<Object> adapted(
      FileSink.DefaultBulkFormatBuilder<Object> builder) {
    // What writers need to know of it is that their files are hidden.
    return merging == null ? builder : builder.enableCompact(merging.strategy(), paths());
  }

  @Override
  BucketAssigner<Object, String> assigner(WriterInitContext context) {
    return ends == null
        ? partitions
        : new LateRows(
            partitions,
            ends,
            context.metricGroup().addGroup("flinksec").counter(LATE),
            directory());
  }

  /** Gives the file that is made the paths of those that it is made of. */
  private static RecordWiseFileCompactor<Path> paths() {
    return new RecordWiseFileCompactor<>(OnePath::new);
  }

  private static final class OnePath implements RecordWiseFileCompactor.Reader<Path> {
    private Path path;

    OnePath(Path path) {
      this.path = path;
    }

    @Override
    public Path read() {
      Path next = path;
      path = null;
      return next;
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  @Override
  public DataStream<CommittableMessage<FileSinkCommittable>> addPreCommitTopology(
      DataStream<CommittableMessage<FileSinkCommittable>> committables) {
    written = committables;
    if (merging == null) {
      return committables;
    }
    // As FileSink puts it together, but for paths.
    DataStream<CompactorRequest> requests =
        committables
            .rebalance()
            .transform(
                "CompactorCoordinator",
                new CompactorRequestTypeInfo(this::getCommittableSerializer),
                new CompactCoordinatorFactory(merging.strategy(), this::getCommittableSerializer))
            .setParallelism(1)
            .uid("FileSinkCompactorCoordinator");
    SingleOutputStreamOperator<CommittableMessage<FileSinkCommittable>> compacted =
        requests.transform(
            "CompactorOperator",
            committables.getType(),
            new Compactors(
                merging.strategy(), paths(), this::getCommittableSerializer, this::bucketWriter));
    compacted.getTransformation().setParallelism(committables.getParallelism(), false);
    return compacted.uid("FileSinkCompactorOperator");
  }

  private BucketWriter<Path, String> bucketWriter() throws IOException {
    BulkWriter.Factory<Path> files =
        merging == null
            ? file -> {
              throw new IllegalStateException("files are committed here, and not written");
            }
            : merging.files();
    return new PlacedFiles<>(
        new BulkBucketWriter<>(
            FileSystem.get(new Path(directory()).toUri()).createRecoverableWriter(), files));
  }

  @Override
  Committer<FileSinkCommittable> committer(CommitterInitContext context) throws IOException {
    return new FileCommitter(bucketWriter());
  }

  @Override
  public SimpleVersionedSerializer<FileSinkCommittable> getCommittableSerializer() {
    return new PlacedFiles.Serializer(new Path(directory()), super.getCommittableSerializer());
  }

  @Override
  public SimpleVersionedSerializer<FileSinkCommittable> getWriteResultSerializer() {
    return getCommittableSerializer();
  }

  @Override
  public void addPostCommitTopology(
      DataStream<CommittableMessage<FileSinkCommittable>> committables) {
    boolean hasCheckpoints =
        committables.getExecutionEnvironment().getCheckpointConfig().isCheckpointingEnabled();
    FinishedPartitions operator =
        new FinishedPartitions(
            directory(), ends, marker, hasCheckpoints, merging == null ? null : owner());
    written
        .global()
        .connect(committables.global())
        .transform("Finished partitions", Types.VOID, operator)
        .forceNonParallel()
        .uid("finished-partitions");
  }
}
