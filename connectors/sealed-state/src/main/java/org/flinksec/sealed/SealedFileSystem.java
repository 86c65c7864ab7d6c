// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.RecoverableWriter;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.keys.KeyException;

/**
 * Any Flink file system, its files sealed: contents, lengths and positions are plaintext on this
 * side, ciphertext on the inner side; names are the same.
 */
final class SealedFileSystem extends FileSystem {
  private final FileSystem inner;
  private final URI uri;
  private final String innerScheme;
  private final Sealing sealing;
  private final SealedFileOpener opener;

  /** Whether files are opened here: what the inner file system does is known, and adds nothing. */
  private final boolean direct;

  SealedFileSystem(FileSystem inner, URI uri, String innerScheme, Sealing sealing) {
    this.inner = inner;
    this.uri = uri;
    this.innerScheme = innerScheme;
    this.sealing = sealing;
    this.opener = new SealedFileOpener(sealing);
    this.direct = InnerFileSystem.isFlinksLocal(inner);
  }

  @Override
  public URI getUri() {
    return uri;
  }

  @Override
  public Path getWorkingDirectory() {
    return outer(inner.getWorkingDirectory());
  }

  @Override
  public Path getHomeDirectory() {
    return outer(inner.getHomeDirectory());
  }

  @Override
  public boolean isDistributedFS() {
    return inner.isDistributedFS();
  }

  @Override
  public FSDataInputStream open(Path path) throws IOException {
    Path innerPath = inner(path);
    if (direct) {
      LocalFile file = openLocal(innerPath);
      // The open file tells its length without its name being looked up once more.
      return open(path, innerPath, file, file::size);
    }
    long fileLength = innerStatus(innerPath).getLen();
    return open(path, innerPath, FileSource.of(openInner(innerPath)), () -> fileLength);
  }

  private interface Length {
    long get() throws IOException;
  }

  private FSDataInputStream open(Path path, Path innerPath, FileSource source, Length length)
      throws IOException {
    try {
      return opener.open(path, source, innerPath.getPath(), length.get());
    } catch (SealedFileException e) {
      SealedState.failed(e);
      source.close();
      throw e.in(path);
    } catch (KeyException e) {
      SealedState.failed(e);
      source.close();
      throw e;
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private FSDataInputStream openInner(Path innerPath) throws IOException {
    try {
      return inner.open(innerPath);
    } catch (FileNotFoundException e) {
      innerStatus(innerPath);
      throw e;
    }
  }

  private LocalFile openLocal(Path innerPath) throws IOException {
    try {
      return LocalFile.open(local(innerPath));
    } catch (FileSystemException e) {
      // Nothing there is told so, also where a file stands in the place of a directory.
      innerStatus(innerPath);
      throw e;
    }
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    return open(path);
  }

  @Override
  public FSDataOutputStream create(Path path, WriteMode overwrite) throws IOException {
    Path innerPath = inner(path);
    List<java.nio.file.Path> directories = directoriesOf(innerPath);
    FileTarget target =
        direct
            ? createLocal(innerPath, overwrite)
            : FileTarget.of(inner.create(innerPath, overwrite));
    try {
      return new SealedOutputStream(
          target, sealing, innerPath.getPath(), () -> DirectorySync.sync(directories));
    } catch (IOException | RuntimeException e) {
      target.close();
      throw e;
    }
  }

  /** As Flink's local file system does, in fewer steps where the directory is there. */
  private LocalFile createLocal(Path innerPath, WriteMode overwrite) throws IOException {
    java.nio.file.Path file = local(innerPath);
    if (!file.getParent().toFile().isDirectory() && !inner.mkdirs(innerPath.getParent())) {
      throw new IOException("cannot make the directory " + innerPath.getParent());
    }
    return LocalFile.create(file, overwrite == WriteMode.OVERWRITE);
  }

  /**
   * Never: the inner file system's writer would write plaintext. Flink then writes {@code
   * _metadata} with {@link #create}; a FileSink cannot write to a sealed directory.
   */
  @Override
  public RecoverableWriter createRecoverableWriter() {
    throw new UnsupportedOperationException(
        "sealed files cannot be continued after a failure: use a sealed directory for checkpoints,"
            + " savepoints and high availability, not for a FileSink");
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    return outer(innerStatus(inner(path)));
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    Path innerPath = inner(path);
    FileStatus[] statuses =
        innerScheme.equals("file") ? listLocal(innerPath) : inner.listStatus(innerPath);
    if (statuses == null) {
      return null;
    }
    FileStatus[] result = new FileStatus[statuses.length];
    for (int i = 0; i < statuses.length; i++) {
      result[i] = outer(statuses[i]);
    }
    return result;
  }

  @Override
  public BlockLocation[] getFileBlockLocations(FileStatus status, long start, long length)
      throws IOException {
    FileStatus innerStatus =
        status instanceof SealedFileStatus sealed
            ? sealed.inner()
            : inner.getFileStatus(inner(status.getPath()));
    BlockLocation[] blocks =
        inner.getFileBlockLocations(innerStatus, 0, Math.max(1, innerStatus.getLen()));
    String[] hosts = blocks.length == 0 ? new String[0] : blocks[0].getHosts();
    return new BlockLocation[] {new SealedBlockLocation(hosts, 0, status.getLen())};
  }

  @Override
  public boolean exists(Path path) throws IOException {
    Path innerPath = inner(path);
    return inner.exists(innerPath) || isThere(innerPath);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    return inner.delete(inner(path), recursive);
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    Path innerPath = inner(path);
    List<java.nio.file.Path> directories = directoriesOf(innerPath);
    boolean made = inner.mkdirs(innerPath);
    if (made) {
      DirectorySync.sync(directories);
    }
    return made;
  }

  @Override
  public boolean rename(Path source, Path target) throws IOException {
    Path innerSource = inner(source);
    Path innerTarget = inner(target);
    List<java.nio.file.Path> directories = directoriesOf(innerTarget);
    boolean renamed = inner.rename(innerSource, innerTarget);
    if (renamed) {
      DirectorySync.sync(directories);
      if (!innerSource.getParent().equals(innerTarget.getParent())) {
        DirectorySync.sync(directoriesOf(innerSource));
      }
    }
    return renamed;
  }

  /** The same as Flink's local file system, but no error makes the list shorter. */
  private FileStatus[] listLocal(Path innerPath) throws IOException {
    List<String> names = LocalLook.names(local(innerPath));
    if (names == null) {
      return inner.listStatus(innerPath);
    }
    List<FileStatus> found = new ArrayList<>(names.size());
    for (String name : names) {
      try {
        found.add(innerStatus(new Path(innerPath, name)));
      } catch (FileNotFoundException e) {
        continue; // Removed since.
      }
    }
    return found.toArray(FileStatus[]::new);
  }

  private FileStatus innerStatus(Path innerPath) throws IOException {
    try {
      return inner.getFileStatus(innerPath);
    } catch (FileNotFoundException e) {
      if (isThere(innerPath)) {
        throw new IOException(innerPath + " is there, and cannot be looked at", e);
      }
      throw e;
    }
  }

  /** Asked where the inner file system says no, which of a local one may mean that it failed. */
  private boolean isThere(Path innerPath) throws IOException {
    return innerScheme.equals("file") && LocalLook.isThere(local(innerPath));
  }

  /** What to sync for this file's name to be durable; only local directories can be synced. */
  private List<java.nio.file.Path> directoriesOf(Path innerPath) {
    return innerScheme.equals("file") ? DirectorySync.directoriesOf(local(innerPath)) : List.of();
  }

  private static java.nio.file.Path local(Path innerPath) {
    return java.nio.file.Path.of(innerPath.getPath());
  }

  private Path inner(Path path) {
    return new Path(innerScheme, path.toUri().getAuthority(), absolute(path));
  }

  private String absolute(Path path) {
    return path.isAbsolute() ? path.getPath() : new Path(getWorkingDirectory(), path).getPath();
  }

  private Path outer(Path innerPath) {
    return new Path(uri.getScheme(), innerPath.toUri().getAuthority(), innerPath.getPath());
  }

  private FileStatus outer(FileStatus status) {
    return new SealedFileStatus(status, outer(status.getPath()));
  }
}
