// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.io.IOException;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/** A file of Parquet that Flink's file system reads. */
record ParquetInput(Path path) implements InputFile {
  @Override
  public long getLength() throws IOException {
    return path.getFileSystem().getFileStatus(path).getLen();
  }

  @Override
  public SeekableInputStream newStream() throws IOException {
    FSDataInputStream file = path.getFileSystem().open(path);
    return new DelegatingSeekableInputStream(file) {
      @Override
      public long getPos() throws IOException {
        return file.getPos();
      }

      @Override
      public void seek(long position) throws IOException {
        file.seek(position);
      }
    };
  }
}
