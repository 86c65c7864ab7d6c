// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.net.URI;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.util.TemporaryClassLoaderContext;

/**
 * A Flink file system that finds its classes as it does without a plugin around it.
 *
 * <p>Flink sets the plugin's class loader while it calls the plugin. Hadoop looks for its file
 * systems through that loader, once for the whole process: it would find none, and {@code hdfs}
 * would be unknown from then on, also to jobs that write there in clear.
 */
final class InnerFileSystem extends FileSystem {
  private final FileSystem inner;

  private InnerFileSystem(FileSystem inner) {
    this.inner = inner;
  }

  static FileSystem at(URI uri) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return new InnerFileSystem(FileSystem.getUnguardedFileSystem(uri));
    }
  }

  /** Whether it is Flink's local one itself, with no limit of connections or the like around it. */
  static boolean isFlinksLocal(FileSystem fileSystem) {
    FileSystem inside = fileSystem instanceof InnerFileSystem wrapped ? wrapped.inner : fileSystem;
    return inside.getClass() == LocalFileSystem.class;
  }

  private static TemporaryClassLoaderContext flinksClassLoader() {
    return TemporaryClassLoaderContext.of(FileSystem.class.getClassLoader());
  }

  @Override
  public URI getUri() {
    return inner.getUri();
  }

  @Override
  public Path getWorkingDirectory() {
    try (var ignored = flinksClassLoader()) {
      return inner.getWorkingDirectory();
    }
  }

  @Override
  public Path getHomeDirectory() {
    try (var ignored = flinksClassLoader()) {
      return inner.getHomeDirectory();
    }
  }

  @Override
  public boolean isDistributedFS() {
    return inner.isDistributedFS();
  }

  @Override
  public FSDataInputStream open(Path path) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.open(path);
    }
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.open(path, bufferSize);
    }
  }

  @Override
  public FSDataOutputStream create(Path path, WriteMode overwrite) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.create(path, overwrite);
    }
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.getFileStatus(path);
    }
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.listStatus(path);
    }
  }

  @Override
  public BlockLocation[] getFileBlockLocations(FileStatus status, long start, long length)
      throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.getFileBlockLocations(status, start, length);
    }
  }

  @Override
  public boolean exists(Path path) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.exists(path);
    }
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.delete(path, recursive);
    }
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.mkdirs(path);
    }
  }

  @Override
  public boolean rename(Path source, Path target) throws IOException {
    try (var ignored = flinksClassLoader()) {
      return inner.rename(source, target);
    }
  }
}
