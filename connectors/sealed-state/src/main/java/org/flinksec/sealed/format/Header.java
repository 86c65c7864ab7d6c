// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.flinksec.sealed.format.SealedFileException.Reason;

/**
 * The first 1024 bytes of a sealed file.
 *
 * @param contextBytes the 320 authenticated bytes, as they stand in the file
 * @param slots the usable key slots, the newest first
 */
public record Header(Context context, byte[] contextBytes, List<KeySlot> slots) {

  /** The header of a new file: its key in slot A, slot B empty. */
  public static byte[] create(byte[] contextBytes, WrappedKey key) {
    byte[] header = Arrays.copyOf(contextBytes, Layout.HEADER);
    System.arraycopy(new KeySlot(1, key).toBytes(), 0, header, Layout.CONTEXT, Layout.SLOT);
    return header;
  }

  /**
   * Parses a header.
   *
   * @param start the first bytes of a file
   * @param length how many of them are there: fewer than 1024 only if the file is that short
   * @throws SealedFileException PLAINTEXT, TRUNCATED, UNSUPPORTED or TAMPERED
   */
  public static Header parse(byte[] start, int length) throws SealedFileException {
    if (!Context.hasMagic(start, length)) {
      throw new SealedFileException(
          Reason.PLAINTEXT, "not a sealed file: it was written without encryption, or put there");
    }
    if (length < Layout.HEADER) {
      throw new SealedFileException(Reason.TRUNCATED, "cut short inside its header");
    }
    Context context = Context.parse(start);
    List<KeySlot> slots = new ArrayList<>();
    KeySlot.parse(start, Layout.CONTEXT).ifPresent(slots::add);
    KeySlot.parse(start, Layout.CONTEXT + Layout.SLOT).ifPresent(slots::add);
    slots.sort(Comparator.comparingLong(KeySlot::generation).reversed());
    return new Header(context, Arrays.copyOf(start, Layout.CONTEXT), List.copyOf(slots));
  }
}
