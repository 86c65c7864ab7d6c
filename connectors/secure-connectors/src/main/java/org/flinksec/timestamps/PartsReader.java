// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.InputStatus;

/** A reader of Flink's whose parts are idle only once they have been read; else as it was. */
public class PartsReader<T, S extends SourceSplit> implements SourceReader<T, S> {
  private final SourceReader<T, S> reader;
  private final SourceReaderContext context;
  private final Parts parts;

  /**
   * @param reader Flink's
   * @param context that it was made in
   * @param parts which are told of what the reader has read
   */
  public PartsReader(SourceReader<T, S> reader, SourceReaderContext context, Parts parts) {
    this.reader = reader;
    this.context = context;
    this.parts = parts;
  }

  @Override
  public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
    InputStatus status = reader.pollNext(parts.outputs(output));
    if (status == InputStatus.END_OF_INPUT) {
      parts.haveAllEnded();
    }
    return status;
  }

  @Override
  public void start() {
    EndOfTime.isToldIn(context);
    reader.start();
  }

  @Override
  public List<S> snapshotState(long checkpoint) {
    return reader.snapshotState(checkpoint);
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return reader.isAvailable();
  }

  @Override
  public void addSplits(List<S> splits) {
    parts.added(splits.stream().map(SourceSplit::splitId).toList());
    reader.addSplits(splits);
  }

  @Override
  public void notifyNoMoreSplits() {
    reader.notifyNoMoreSplits();
  }

  @Override
  public void handleSourceEvents(SourceEvent event) {
    reader.handleSourceEvents(event);
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) throws Exception {
    reader.notifyCheckpointComplete(checkpoint);
  }

  @Override
  public void notifyCheckpointAborted(long checkpoint) throws Exception {
    reader.notifyCheckpointAborted(checkpoint);
  }

  @Override
  public void pauseOrResumeSplits(Collection<String> pause, Collection<String> resume) {
    reader.pauseOrResumeSplits(pause, resume);
  }

  @Override
  public void close() throws Exception {
    reader.close();
  }
}
