// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.Seekable;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.apache.orc.OrcFile;
import org.apache.orc.OrcProto;
import org.apache.orc.Reader;

/** One file that Flink's file system reads, as the file system of Hadoop that ORC asks for. */
final class OrcInput extends FileSystem {
  private final org.apache.flink.core.fs.Path file;

  private OrcInput(org.apache.flink.core.fs.Path file) {
    this.file = file;
    setConf(new Configuration(false));
  }

  /**
   * Opens a file for reading; what it returns is to be closed.
   *
   * <p>Days and times of the Gregorian calendar come out. A file that does not say which calendar
   * its writer had is taken to be of this one, as those of pyarrow are; Hive says so when it had
   * the Julian one.
   */
  static Reader opened(org.apache.flink.core.fs.Path file) throws IOException {
    OrcInput input = new OrcInput(file);
    Reader opened = input.opened(true);
    boolean isUnsaid =
        opened.getFileTail().getFooter().getCalendar() == OrcProto.CalendarKind.UNKNOWN_CALENDAR;
    if (!isUnsaid) {
      return opened;
    }
    opened.close();
    return input.opened(false); // nothing is converted from what the reader takes for Julian
  }

  private Reader opened(boolean isConverted) throws IOException {
    return OrcFile.createReader(
        new Path(file.toUri()),
        OrcFile.readerOptions(getConf())
            .filesystem(this)
            .useUTCTimestamp(true)
            .convertToProlepticGregorian(isConverted));
  }

  @Override
  public URI getUri() {
    return file.toUri();
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    long length = stored(() -> file.getFileSystem().getFileStatus(file).getLen());
    return new FileStatus(length, false, 1, length, 0, path);
  }

  @Override
  public org.apache.hadoop.fs.FSDataInputStream open(Path path, int buffer) throws IOException {
    return new org.apache.hadoop.fs.FSDataInputStream(
        new In(stored(() -> file.getFileSystem().open(file))));
  }

  /** What the file system says, to be told from what ORC says of what stands in the file. */
  static final class StorageException extends IOException {
    private static final long serialVersionUID = 1L;

    StorageException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /**
   * Why a file cannot be read.
   *
   * @param e from ORC, whose words may quote what stands in the file
   * @param damaged what is said unless the file system failed
   */
  static IOException why(Exception e, String damaged) {
    for (Throwable at = e; at != null; at = at.getCause()) {
      if (at instanceof StorageException found) {
        return (IOException) found.getCause();
      }
    }
    return new IOException(damaged);
  }

  /** Something that the file system does. */
  @FunctionalInterface
  private interface Action<T> {
    T done() throws IOException;
  }

  private static <T> T stored(Action<T> action) throws StorageException {
    try {
      return action.done();
    } catch (IOException e) {
      throw new StorageException(e);
    }
  }

  private static final class In extends InputStream implements Seekable, PositionedReadable {
    private final FSDataInputStream in;

    In(FSDataInputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      return stored(in::read);
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
      return stored(() -> in.read(bytes, start, length));
    }

    @Override
    public void seek(long position) throws IOException {
      in.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return in.getPos();
    }

    @Override
    public boolean seekToNewSource(long position) {
      return false;
    }

    @Override
    public int read(long position, byte[] bytes, int start, int length) throws IOException {
      long before = in.getPos();
      try {
        in.seek(position);
        return read(bytes, start, length);
      } finally {
        in.seek(before);
      }
    }

    @Override
    public void readFully(long position, byte[] bytes, int start, int length) throws IOException {
      long before = in.getPos();
      try {
        in.seek(position);
        if (stored(() -> in.readNBytes(bytes, start, length)) < length) {
          throw new java.io.EOFException("the file ends too early");
        }
      } finally {
        in.seek(before);
      }
    }

    @Override
    public void readFully(long position, byte[] bytes) throws IOException {
      readFully(position, bytes, 0, bytes.length);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private static UnsupportedOperationException onlyRead() {
    return new UnsupportedOperationException("a file is only read here");
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int buffer,
      short replication,
      long block,
      Progressable progress) {
    throw onlyRead();
  }

  @Override
  public FSDataOutputStream append(Path path, int buffer, Progressable progress) {
    throw onlyRead();
  }

  @Override
  public boolean rename(Path from, Path to) {
    throw onlyRead();
  }

  @Override
  public boolean delete(Path path, boolean recursive) {
    throw onlyRead();
  }

  @Override
  public FileStatus[] listStatus(Path path) {
    throw onlyRead();
  }

  @Override
  public void setWorkingDirectory(Path path) {
    throw onlyRead();
  }

  @Override
  public Path getWorkingDirectory() {
    return new Path("/");
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) {
    throw onlyRead();
  }
}
