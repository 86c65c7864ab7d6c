// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketWriter;
import org.apache.flink.streaming.api.functions.sink.filesystem.CompactingFileWriter;
import org.apache.flink.streaming.api.functions.sink.filesystem.InProgressFileWriter;
import org.apache.flink.streaming.api.functions.sink.filesystem.InProgressFileWriter.InProgressFileRecoverable;
import org.apache.flink.streaming.api.functions.sink.filesystem.InProgressFileWriter.PendingFileRecoverable;
import org.apache.flink.streaming.api.functions.sink.filesystem.WriterProperties;

/**
 * Files of partitions whose names have a percent sign, as Hive writes what may not stand in a name.
 *
 * <p>Flink's serializers of the paths of files turn each {@code %} into {@code %25} whenever they
 * are used, and its compaction reads from these paths, and writes beside them. Here a path is made
 * anew of the partition and the name of the file.
 *
 * @param <T> what is written
 */
final class PlacedFiles<T> implements BucketWriter<T, String> {
  private final BucketWriter<T, String> files;

  PlacedFiles(BucketWriter<T, String> files) {
    this.files = files;
  }

  private record Placed(PendingFileRecoverable file, Path path) implements PendingFileRecoverable {
    @Override
    public Path getPath() {
      return path;
    }

    @Override
    public long getSize() {
      return file.getSize();
    }
  }

  /** Flink's serializer, with the paths of what it reads made anew. */
  record Serializer(Path directory, SimpleVersionedSerializer<FileSinkCommittable> flinks)
      implements SimpleVersionedSerializer<FileSinkCommittable> {
    @Override
    public int getVersion() {
      return flinks.getVersion();
    }

    @Override
    public byte[] serialize(FileSinkCommittable committable) throws IOException {
      return flinks.serialize(
          committable.getPendingFile() instanceof Placed placed
              ? new FileSinkCommittable(committable.getBucketId(), placed.file())
              : committable);
    }

    @Override
    public FileSinkCommittable deserialize(int version, byte[] bytes) throws IOException {
      FileSinkCommittable read = flinks.deserialize(version, bytes);
      String partition = read.getBucketId();
      if (read.getPendingFile() != null && read.getPendingFile().getPath() != null) {
        Path path = placed(partition, read.getPendingFile().getPath());
        return new FileSinkCommittable(partition, new Placed(read.getPendingFile(), path));
      }
      return read.getCompactedFileToCleanup() == null
          ? read
          : new FileSinkCommittable(partition, placed(partition, read.getCompactedFileToCleanup()));
    }

    private Path placed(String partition, Path path) {
      // Names of files have no percent sign.
      return new Path(
          partition.isEmpty() ? directory : new Path(directory, partition), path.getName());
    }
  }

  @Override
  public PendingFile recoverPendingFile(PendingFileRecoverable file) throws IOException {
    return files.recoverPendingFile(file instanceof Placed placed ? placed.file() : file);
  }

  @Override
  public InProgressFileWriter<T, String> openNewInProgressFile(
      String partition, Path path, long creationTime) throws IOException {
    return files.openNewInProgressFile(partition, path, creationTime);
  }

  @Override
  public CompactingFileWriter openNewCompactingFile(
      CompactingFileWriter.Type type, String partition, Path path, long creationTime)
      throws IOException {
    return files.openNewCompactingFile(type, partition, path, creationTime);
  }

  @Override
  public InProgressFileWriter<T, String> resumeInProgressFileFrom(
      String partition, InProgressFileRecoverable file, long creationTime) throws IOException {
    return files.resumeInProgressFileFrom(partition, file, creationTime);
  }

  @Override
  public WriterProperties getProperties() {
    return files.getProperties();
  }

  @Override
  public boolean cleanupInProgressFileRecoverable(InProgressFileRecoverable file)
      throws IOException {
    return files.cleanupInProgressFileRecoverable(file);
  }
}
