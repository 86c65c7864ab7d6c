// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import java.nio.file.Path;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemBehaviorTestSuite;
import org.apache.flink.core.fs.FileSystemKind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Flink's own suite for file systems. */
class BehaviorTest extends FileSystemBehaviorTestSuite {
  @TempDir Path dir;

  @BeforeEach
  void register() throws Exception {
    Registered.with(dir);
  }

  @Override
  protected FileSystem getFileSystem() throws Exception {
    Registered.with(dir);
    return getBasePath().getFileSystem();
  }

  @Override
  protected org.apache.flink.core.fs.Path getBasePath() {
    return Registered.sealed(dir.resolve("base"));
  }

  @Override
  protected FileSystemKind getFileSystemKind() {
    return FileSystemKind.FILE_SYSTEM;
  }
}
