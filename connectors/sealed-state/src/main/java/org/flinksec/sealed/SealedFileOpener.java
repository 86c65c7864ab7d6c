// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Header;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;
import org.flinksec.sealed.format.StoredName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks a file's header, key, commitment, length and name, before any byte is given out. */
final class SealedFileOpener {
  private static final Logger LOG = LoggerFactory.getLogger(SealedFileOpener.class);

  /** A shorter file has one chunk, and is read at once. */
  private static final long ONE_READ = Layout.chunkOffset(1);

  private final Sealing sealing;

  SealedFileOpener(Sealing sealing) {
    this.sealing = sealing;
  }

  /**
   * Opens a file; the returned stream owns {@code inner}.
   *
   * @param file what messages call the file
   * @param path the file's path, without scheme
   * @param fileLength the length that the inner file system tells
   */
  SealedInputStream open(Object file, FileSource inner, String path, long fileLength)
      throws IOException {
    byte[] start = new byte[(int) (fileLength < ONE_READ ? fileLength : Layout.PREFIX)];
    inner.readFully(0, ByteBuffer.wrap(start));
    Header header = Header.parse(start, start.length);
    wholeLength(fileLength);
    int commitment = Layout.HEADER + Layout.SALT;
    FileKeys keys =
        sealing
            .unlocker()
            .unlock(
                header,
                Arrays.copyOfRange(start, Layout.HEADER, commitment),
                Arrays.copyOfRange(start, commitment, Layout.PREFIX));
    SealedInputStream stream = openPayload(file, inner, keys, fileLength, start);
    checkName(header, path);
    return stream;
  }

  /**
   * Opens the payload of a file whose commitment was compared: checks the last chunk, and with it
   * the length.
   */
  static SealedInputStream openPayload(
      Object file, FileSource inner, FileKeys keys, long fileLength) throws IOException {
    return openPayload(file, inner, keys, fileLength, new byte[0]);
  }

  private static SealedInputStream openPayload(
      Object file, FileSource inner, FileKeys keys, long fileLength, byte[] start)
      throws IOException {
    long length = wholeLength(fileLength);
    try {
      ChunkOpener opener = new ChunkOpener(keys);
      byte[] lastChunk = openLastChunk(inner, opener, length, start);
      opener.release();
      return new SealedInputStream(file, inner, opener, length, lastChunk);
    } catch (GeneralSecurityException e) {
      throw new IOException("this Java cannot open sealed files", e);
    }
  }

  private static long wholeLength(long fileLength) throws SealedFileException {
    long length = Layout.plaintextLength(fileLength);
    if (length < 0) {
      throw new SealedFileException(
          Reason.TRUNCATED, "cut short: no whole file has " + fileLength + " bytes");
    }
    return length;
  }

  /**
   * @param start what was read of the file before: all of it, or less than its last chunk needs
   */
  private static byte[] openLastChunk(
      FileSource inner, ChunkOpener opener, long length, byte[] start) throws IOException {
    long chunk = length / Layout.CHUNK;
    byte[] plain = new byte[(int) (length % Layout.CHUNK)];
    byte[] sealed = start;
    int offset = start.length - plain.length - Layout.TAG;
    if (offset < Layout.chunkOffset(chunk)) {
      sealed = new byte[plain.length + Layout.TAG];
      offset = 0;
      inner.readFully(Layout.chunkOffset(chunk), ByteBuffer.wrap(sealed));
    }
    opener.open(chunk, ByteBuffer.wrap(sealed, offset, plain.length + Layout.TAG), plain, 0);
    return plain;
  }

  private void checkName(Header header, String path) throws SealedFileException {
    String stored = header.context().name();
    if (StoredName.matches(path, stored)) {
      return;
    }
    switch (NamePolicy.effective(header.context().policy(), path, sealing.nameLimit())) {
      case ENFORCE ->
          throw new SealedFileException(
              Reason.FOREIGN,
              "it was written as '%s': moved, or swapped for another file. To read checkpoints that"
                      .formatted(stored)
                  + " you moved yourself set %s: WARN".formatted(SealedOptions.NAME_POLICY.key()));
      case WARN -> LOG.warn("Sealed file {} was written as '{}'.", path, stored);
      default -> LOG.debug("Sealed file {} was written as '{}'.", path, stored);
    }
  }
}
