// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.flinksec.sealed.keys.AesKwp;
import org.flinksec.sealed.keys.BlockKwp;
import org.flinksec.sealed.keys.BlockKwp.Block;
import org.flinksec.sealed.keys.KeyException;
import org.junit.jupiter.api.Test;

/** AES-KWP over single blocks is the AES-KWP of RFC 5649, of NIST and of the JDK. */
class BlockKwpTest {
  @Test
  void theExampleOfRfc5649() throws Exception {
    byte[] kek = hex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    byte[] key = hex("c37b7e6492584340bed12207808941155068f738");
    byte[] wrapped = hex("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
    assertThat(BlockKwp.wrap(block(Cipher.ENCRYPT_MODE, kek), key)).isEqualTo(wrapped);
    assertThat(BlockKwp.unwrap(block(Cipher.DECRYPT_MODE, kek), wrapped)).contains(key);
  }

  @Test
  void whatNistWraps() throws Exception {
    int checked = 0;
    for (Map<String, String> found : nist("KWP_AE_256.txt")) {
      byte[] key = hex(found.get("P"));
      if (key.length > 8) {
        Block encrypt = block(Cipher.ENCRYPT_MODE, hex(found.get("K")));
        assertThat(BlockKwp.wrap(encrypt, key)).isEqualTo(hex(found.get("C")));
        checked++;
      }
    }
    assertThat(checked).isGreaterThanOrEqualTo(300);
  }

  @Test
  void whatNistUnwrapsAndWhatNot() throws Exception {
    int whole = 0;
    int refused = 0;
    for (Map<String, String> found : nist("KWP_AD_256.txt")) {
      byte[] wrapped = hex(found.get("C"));
      Block decrypt = block(Cipher.DECRYPT_MODE, hex(found.get("K")));
      if (wrapped.length < 24) {
        continue;
      }
      if (found.containsKey("P")) {
        assertThat(BlockKwp.unwrap(decrypt, wrapped)).contains(hex(found.get("P")));
        whole++;
      } else {
        assertThat(BlockKwp.unwrap(decrypt, wrapped)).isEmpty();
        refused++;
      }
    }
    assertThat(Math.min(whole, refused)).isGreaterThanOrEqualTo(50);
  }

  @Test
  void theJdkReadsItAndItReadsTheJdk() throws Exception {
    Random random = new Random(5649);
    for (int length = 9; length < 80; length++) {
      byte[] kek = new byte[32];
      byte[] key = new byte[length];
      random.nextBytes(kek);
      random.nextBytes(key);
      byte[] wrapped = BlockKwp.wrap(block(Cipher.ENCRYPT_MODE, kek), key);
      assertThat(wrapped).isEqualTo(AesKwp.wrap(kek, key));
      assertThat(BlockKwp.unwrap(block(Cipher.DECRYPT_MODE, kek), wrapped)).contains(key);
    }
  }

  @Test
  void everyFlippedBitAndEveryOtherLengthIsRefused() throws Exception {
    byte[] kek = new byte[32];
    byte[] wrapped = AesKwp.wrap(kek, new byte[32]);
    Block decrypt = block(Cipher.DECRYPT_MODE, kek);
    for (int bit = 0; bit < wrapped.length * 8; bit++) {
      byte[] altered = wrapped.clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(BlockKwp.unwrap(decrypt, altered)).isEmpty();
    }
    for (int length = 0; length < wrapped.length; length++) {
      assertThat(BlockKwp.unwrap(decrypt, java.util.Arrays.copyOf(wrapped, length))).isEmpty();
    }
  }

  private static Block block(int mode, byte[] key) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"));
    return block -> {
      assertThat(block).hasSize(16);
      try {
        return cipher.doFinal(block);
      } catch (GeneralSecurityException e) {
        throw new KeyException("a block", e);
      }
    };
  }

  private static List<Map<String, String>> nist(String name) throws IOException {
    List<Map<String, String>> cases = new ArrayList<>();
    String vectors = "keywrap/kwtestvectors/" + name;
    String text = Files.readString(Checkout.cryptographyVectors(vectors)).replace("\r", "");
    for (String paragraph : text.split("\n\n")) {
      Map<String, String> fields = new HashMap<>();
      paragraph
          .lines()
          .map(line -> line.split(" = "))
          .filter(pair -> pair.length == 2)
          .forEach(pair -> fields.put(pair[0], pair[1]));
      if (fields.containsKey("COUNT")) {
        cases.add(fields);
      }
    }
    return cases;
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex);
  }
}
