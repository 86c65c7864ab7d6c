// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.connector.file.sink.writer.FileWriter;
import org.apache.flink.connector.file.sink.writer.FileWriterBucketState;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;

/**
 * Flink's own sink of files, whose writers also remove what their earlier starts left unfinished.
 */
public class DirectorySink
    implements Sink<Object>,
        SupportsWriterState<Object, FileWriterBucketState>,
        SupportsCommitter<FileSinkCommittable> {
  private static final long serialVersionUID = 1L;
  private static final int DIGITS = 8;

  private final String directory;
  private final BulkWriter.Factory<Object> files;
  private final Partitions partitions;
  private final Rolling rolling;
  private final String suffix;
  private final String owner;
  private boolean acceptsMissing;

  /**
   * @param directory a URI
   * @param files what a file is
   * @param partitions the directory below it that a row goes to
   * @param rolling where a file ends
   * @param suffix of the files' names, with its dot
   * @param owner of the sink, the same in all runs of the job and of no other job that may run
   *     beside it: eight hexadecimal digits; empty for files of a job that nothing restores
   */
  public DirectorySink(
      String directory,
      BulkWriter.Factory<Object> files,
      Partitions partitions,
      Rolling rolling,
      String suffix,
      String owner) {
    this.directory = directory;
    this.files = files;
    this.partitions = partitions;
    this.rolling = rolling;
    this.suffix = suffix;
    this.owner = owner.isEmpty() ? random() : owner;
  }

  /** Takes a file that a restored state is to make visible, and that is gone, for one removed. */
  public DirectorySink acceptMissing() {
    acceptsMissing = true;
    return this;
  }

  private static String random() {
    return UUID.randomUUID().toString().substring(0, DIGITS);
  }

  private FileSink<Object> sink(String prefix) {
    return sink(prefix, partitions);
  }

  private FileSink<Object> sink(String prefix, BucketAssigner<Object, String> assigner) {
    return adapted(
            FileSink.forBulkFormat(new Path(directory), files)
                .withBucketAssigner(assigner)
                .withRollingPolicy(rolling)
                .withBucketCheckInterval(rolling.interval())
                .withOutputFileConfig(new OutputFileConfig(prefix, suffix)))
        .build();
  }

  /** What else Flink's sink is to do. */
  FileSink.DefaultBulkFormatBuilder<Object> adapted(
      FileSink.DefaultBulkFormatBuilder<Object> builder) {
    return builder;
  }

  /** Which directory a row goes to, for one writer. */
  BucketAssigner<Object, String> assigner(WriterInitContext context) {
    return partitions;
  }

  /** Where the files are: a URI. */
  final String directory() {
    return directory;
  }

  /** Whose the files are: eight hexadecimal digits. */
  final String owner() {
    return owner;
  }

  @Override
  public StatefulSinkWriter<Object, FileWriterBucketState> createWriter(WriterInitContext context)
      throws IOException {
    return restoreWriter(context, List.of());
  }

  @Override
  public StatefulSinkWriter<Object, FileWriterBucketState> restoreWriter(
      WriterInitContext context, Collection<FileWriterBucketState> recovered) throws IOException {
    TaskInfo task = context.getTaskInfo();
    Leftovers leftovers =
        new Leftovers(
            new Path(directory),
            owner,
            task.getIndexOfThisSubtask(),
            task.getNumberOfParallelSubtasks(),
            "%08x".formatted(context.getJobInfo().getJobId().hashCode()),
            random());
    BucketAssigner<Object, String> assigner = assigner(context);
    return new Writer(
        sink(leftovers.prefix(), assigner).restoreWriter(context, recovered), leftovers);
  }

  @Override
  public SimpleVersionedSerializer<FileWriterBucketState> getWriterStateSerializer() {
    return sink("part").getWriterStateSerializer();
  }

  @Override
  public Committer<FileSinkCommittable> createCommitter(CommitterInitContext context)
      throws IOException {
    return new Committing(
        committer(context), acceptsMissing ? null : new MissingFiles(new Path(directory)));
  }

  /** What makes files visible. */
  Committer<FileSinkCommittable> committer(CommitterInitContext context) throws IOException {
    return sink("part").createCommitter(context);
  }

  @Override
  public SimpleVersionedSerializer<FileSinkCommittable> getCommittableSerializer() {
    return sink("part").getCommittableSerializer();
  }

  private static final class Writer
      implements StatefulSinkWriter<Object, FileWriterBucketState>,
          CommittingSinkWriter<Object, FileSinkCommittable> {
    private final FileWriter<Object> files;
    private final Leftovers leftovers;

    Writer(FileWriter<Object> files, Leftovers leftovers) {
      this.files = files;
      this.leftovers = leftovers;
    }

    @Override
    public void write(Object element, Context context) throws IOException, InterruptedException {
      files.write(element, context);
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
      files.flush(endOfInput);
    }

    @Override
    public Collection<FileSinkCommittable> prepareCommit() throws IOException {
      return files.prepareCommit();
    }

    @Override
    public List<FileWriterBucketState> snapshotState(long checkpoint) throws IOException {
      return files.snapshotState(checkpoint);
    }

    @Override
    public void close() {
      leftovers.close();
      files.close();
    }
  }

  /** Commits no file that is gone, and tells the writers of files that they are committed. */
  private static final class Committing implements Committer<FileSinkCommittable> {
    private final Committer<FileSinkCommittable> files;
    private final MissingFiles missing;

    Committing(Committer<FileSinkCommittable> files, MissingFiles missing) {
      this.files = files;
      this.missing = missing;
    }

    @Override
    public void commit(Collection<CommitRequest<FileSinkCommittable>> requests)
        throws IOException, InterruptedException {
      if (missing != null) {
        missing.refuse(
            requests.stream()
                .map(CommitRequest::getCommittable)
                .filter(each -> !isOfThisStart(each))
                .toList());
      }
      files.commit(requests);
      for (CommitRequest<FileSinkCommittable> request : requests) {
        if (request.getCommittable().hasPendingFile()) {
          Path file = request.getCommittable().getPendingFile().getPath();
          if (file != null) {
            Leftovers.committed(file.getName());
          }
        }
      }
    }

    /** Whether a writer of this JVM has just ended the file, so that it need not be looked for. */
    private static boolean isOfThisStart(FileSinkCommittable committable) {
      return committable.hasPendingFile()
          && committable.getPendingFile().getPath() != null
          && Leftovers.isLive(committable.getPendingFile().getPath().getName());
    }

    @Override
    public void close() throws Exception {
      files.close();
    }
  }
}
