// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys.pkcs11;

import java.nio.file.Path;

/**
 * Where a PKCS#11 token is, and where its PIN is; never the PIN.
 *
 * @param module the PKCS#11 library of the token's maker
 * @param label the token's label, or null
 * @param slot the slot's id in place of the label, or null
 * @param pinSource the file with the user's PIN
 */
public record TokenAddress(Path module, String label, Long slot, Path pinSource) {
  @Override
  public String toString() {
    return "token %s (%s)".formatted(label != null ? "'" + label + "'" : "in slot " + slot, module);
  }
}
