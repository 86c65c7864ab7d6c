// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Optional;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.assigners.FileSplitAssigner;

/** Gives files to readers in the order in which they were found. */
final class InOrder implements FileSplitAssigner {
  private final ArrayDeque<FileSourceSplit> waiting;

  InOrder(Collection<FileSourceSplit> splits) {
    this.waiting = new ArrayDeque<>(splits);
  }

  @Override
  public Optional<FileSourceSplit> getNext(String host) {
    return Optional.ofNullable(waiting.poll());
  }

  @Override
  public void addSplits(Collection<FileSourceSplit> splits) {
    waiting.addAll(splits);
  }

  @Override
  public Collection<FileSourceSplit> remainingSplits() {
    return new ArrayList<>(waiting);
  }
}
