// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.runtime.blob;

/** Keys of blobs with known contents, which Flink makes in this package only. */
public final class TestBlobKeys {
  private TestBlobKeys() {}

  public static BlobKey ofHash(byte[] hash) {
    return new PermanentBlobKey(hash);
  }
}
