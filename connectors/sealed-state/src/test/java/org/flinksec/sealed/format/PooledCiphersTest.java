// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Ciphers go from file to file, and serve one at a time; the referee is a Cipher of its own. */
class PooledCiphersTest {
  private static final int THREADS = 4;

  @Test
  void whatIsTakenIsNobodyElsesUntilItIsGivenBack() throws GeneralSecurityException {
    Pool<Object> pool = new Pool<>(Object::new);
    Set<Object> taken = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < 100; i++) {
      assertThat(taken.add(pool.take())).isTrue();
    }
    Object one = taken.iterator().next();
    pool.giveBack(one);
    assertThat(pool.take()).isSameAs(one);
    assertThat(taken).doesNotContain(pool.take());
  }

  @Test
  void aPoolKeepsNoMoreThanItMay() throws GeneralSecurityException {
    Pool<Object> pool = new Pool<>(Object::new);
    Set<Object> given = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < 100; i++) {
      Object one = new Object();
      given.add(one);
      pool.giveBack(one);
    }
    int kept = 0;
    while (given.contains(pool.take())) {
      kept++;
    }
    assertThat(kept).isEqualTo(32);
  }

  /** Chunks of many files in any order, some released and used again, from several threads. */
  @Test
  void filesThatTakeTurnsDoNotMeetEachOther() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Void>> results = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        results.add(threads.submit(turns(new Random(thread))));
      }
      for (Future<Void> result : results) {
        result.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static Callable<Void> turns(Random random) {
    return () -> {
      List<File> files = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        files.add(new File(random));
      }
      for (int turn = 0; turn < 2000; turn++) {
        files.get(random.nextInt(files.size())).turn(random);
      }
      return null;
    };
  }

  /** Threads that share one, against its rule, still get right answers or none. */
  @Test
  void aCipherThatTwoThreadsUseAtOnceMixesNothingUp() throws Exception {
    File file = new File(new Random(7));
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Void>> results = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        Random random = new Random(thread);
        results.add(
            threads.submit(
                () -> {
                  for (int turn = 0; turn < 1000; turn++) {
                    file.turn(random);
                  }
                  return null;
                }));
      }
      for (Future<Void> result : results) {
        result.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Keys and a Cipher in each direction, beside a Cipher that is no other's. */
  private static final class File {
    private final byte[] key = new byte[32];
    private final byte[] baseNonce = new byte[12];
    private final ChunkCipher sealer;
    private final ChunkCipher opener;

    File(Random random) throws GeneralSecurityException {
      random.nextBytes(key);
      random.nextBytes(baseNonce);
      sealer = new ChunkCipher(Cipher.ENCRYPT_MODE, key, baseNonce);
      opener = new ChunkCipher(Cipher.DECRYPT_MODE, key, baseNonce);
    }

    /** Seals a chunk, opens it, or fails to open it, and may let the Ciphers go. */
    void turn(Random random) throws GeneralSecurityException {
      byte[] plain = new byte[random.nextInt(600)];
      random.nextBytes(plain);
      long chunk = random.nextLong() >>> 1;
      byte[] sealed = new byte[plain.length + Layout.TAG];
      sealer.encrypt(chunk, plain, 0, plain.length, ByteBuffer.wrap(sealed));
      assertThat(sealed).isEqualTo(byReferee(chunk, plain));
      if (random.nextInt(5) == 0) {
        sealer.release();
      }
      byte[] opened = new byte[plain.length];
      if (random.nextInt(4) == 0) {
        byte[] altered = sealed.clone();
        altered[random.nextInt(altered.length)] ^= 1;
        assertThatThrownBy(() -> opener.decrypt(chunk, ByteBuffer.wrap(altered), opened, 0))
            .isInstanceOf(AEADBadTagException.class);
      }
      opener.decrypt(chunk, ByteBuffer.wrap(sealed), opened, 0);
      assertThat(opened).isEqualTo(plain);
      if (random.nextInt(5) == 0) {
        opener.release();
        opener.release();
      }
    }

    private byte[] byReferee(long chunk, byte[] plain) throws GeneralSecurityException {
      byte[] nonce = baseNonce.clone();
      for (int i = 0; i < 8; i++) {
        nonce[11 - i] ^= (byte) (chunk >>> (8 * i));
      }
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      GCMParameterSpec spec = new GCMParameterSpec(128, Arrays.copyOf(nonce, 12));
      cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), spec);
      return cipher.doFinal(plain);
    }
  }
}
