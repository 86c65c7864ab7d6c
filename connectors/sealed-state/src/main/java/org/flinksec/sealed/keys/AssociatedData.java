// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.flinksec.sealed.format.Context;
import org.flinksec.sealed.format.WrappedKey;

/**
 * What a data key was made for. A provider that can binds it to the wrapped key, and unwraps for
 * the same only; what each provider does is in docs/state-format.md, 3.
 *
 * @param formatVersion of the files that the data key seals
 * @param dataKeyId the data key's id, in hexadecimal
 * @param job the job that the data key was made for; empty if it is not known
 */
public record AssociatedData(int formatVersion, String dataKeyId, String job) {
  private static final byte[] PURPOSE = "flinksec sealed\0".getBytes(US_ASCII);

  public AssociatedData {
    WrappedKey.checkJob(job);
  }

  /** That of a new data key, for files as this version writes them. */
  static AssociatedData of(byte[] dataKeyId, String job) {
    return new AssociatedData(Context.VERSION, HexFormat.of().formatHex(dataKeyId), job);
  }

  /** What a file says: its context names the data key, and the slot the job. */
  public static AssociatedData of(Context context, WrappedKey wrapped) {
    return of(context.dataKeyId(), wrapped.job());
  }

  /** The same bytes in every language, for providers that bind bytes. */
  public byte[] toBytes() {
    return ByteBuffer.allocate(PURPOSE.length + 1 + Context.ID + 1 + job.length())
        .put(PURPOSE)
        .put((byte) formatVersion)
        .put(HexFormat.of().parseHex(dataKeyId))
        .put((byte) job.length())
        .put(job.getBytes(US_ASCII))
        .array();
  }
}
