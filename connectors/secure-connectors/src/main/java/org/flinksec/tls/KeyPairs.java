// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;

/** Finds out whether a private key and a public key belong together, by signing something. */
public final class KeyPairs {
  private static final byte[] TEXT = "flinksec".getBytes(StandardCharsets.US_ASCII);

  private KeyPairs() {}

  /** Whether they do; false as well for keys that cannot sign. */
  public static boolean belongTogether(PrivateKey key, PublicKey publicKey) {
    if (!key.getAlgorithm().equals(publicKey.getAlgorithm())) {
      return false;
    }
    try {
      Signature signature = Signature.getInstance(algorithm(key));
      signature.initSign(key);
      signature.update(TEXT);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(TEXT);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static String algorithm(PrivateKey key) {
    return switch (key.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      default -> key.getAlgorithm();
    };
  }
}
