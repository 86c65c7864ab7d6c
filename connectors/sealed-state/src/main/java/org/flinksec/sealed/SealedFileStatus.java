// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;
import org.flinksec.sealed.format.Layout;

/** A file's status with its plaintext length, which is a claim until the file was opened. */
record SealedFileStatus(FileStatus inner, Path path) implements FileStatus {
  @Override
  public long getLen() {
    return inner.isDir() ? inner.getLen() : Layout.claimedLength(inner.getLen());
  }

  @Override
  public long getBlockSize() {
    return inner.getBlockSize();
  }

  @Override
  public short getReplication() {
    return inner.getReplication();
  }

  @Override
  public long getModificationTime() {
    return inner.getModificationTime();
  }

  @Override
  public long getAccessTime() {
    return inner.getAccessTime();
  }

  @Override
  public boolean isDir() {
    return inner.isDir();
  }

  @Override
  public Path getPath() {
    return path;
  }
}
