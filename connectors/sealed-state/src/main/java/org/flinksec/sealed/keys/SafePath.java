// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether others could change what a key ring holds: the rule of docs/state-format.md, 3. {@code
 * ownership.py} is the same rule for the tools; a test compares the two.
 *
 * @param path where a name leads in the end, without any link
 * @param mode type and permissions, as of stat(2)
 */
record SafePath(Path path, int mode) {
  private static final int TYPE = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;
  private static final int LINK = 0120000;
  private static final int STICKY = 01000;
  private static final int GROUP_OR_OTHERS_WRITE = 0022;
  private static final int OTHERS_WRITE = 0002;
  private static final int PERMISSIONS = 07777;
  private static final int MOST_LINKS = 40;

  /**
   * The directory without links, after a look at it and at all that is above it: there, both by the
   * path that was given and by the one without links, no directory may be writable by everybody,
   * unless it is sticky.
   */
  static Path ring(Path directory) throws IOException {
    Path real = directory.toRealPath();
    Set<Path> above = new TreeSet<>();
    for (Path start : new Path[] {directory.toAbsolutePath(), real}) {
      for (Path parent = start.getParent(); parent != null; parent = parent.getParent()) {
        above.add(parent);
      }
    }
    for (Path parent : above) {
      int mode = Stat.of(parent).mode;
      if ((mode & OTHERS_WRITE) != 0 && (mode & STICKY) == 0) {
        throw changeable(parent, mode);
      }
    }
    checkDirectory(real, Stat.of(real));
    return real;
  }

  /**
   * Where a name in a checked directory leads. Every link, directory and file on the way must
   * belong to root or to this process's user; each directory must not be writable by its group or
   * others, unless it is sticky.
   */
  static SafePath follow(Path start, String name) throws IOException {
    Path directory = start;
    Deque<String> left = new ArrayDeque<>();
    left.add(name);
    int links = 0;
    while (!left.isEmpty()) {
      String part = left.removeFirst();
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      Path parent = directory.getParent() == null ? directory : directory.getParent();
      Path path = part.equals("..") ? parent : directory.resolve(part);
      Stat found = Stat.of(path, LinkOption.NOFOLLOW_LINKS);
      if (found.is(LINK)) {
        checkOwner(path, found);
        if (++links > MOST_LINKS) {
          throw new KeyException("'" + name + "' is a link that leads nowhere");
        }
        Path target = Files.readSymbolicLink(path);
        for (int i = target.getNameCount() - 1; i >= 0; i--) {
          left.addFirst(target.getName(i).toString());
        }
        if (target.isAbsolute()) {
          directory = target.getRoot();
          checkDirectory(directory, Stat.of(directory));
        }
      } else if (found.is(DIRECTORY)) {
        checkDirectory(path, found);
        directory = path;
      } else if (!left.isEmpty()) {
        throw new KeyException("'" + name + "' is a link that leads nowhere");
      } else {
        checkOwner(path, found);
        return new SafePath(path, found.mode);
      }
    }
    return new SafePath(directory, DIRECTORY);
  }

  boolean isDirectory() {
    return (mode & TYPE) == DIRECTORY;
  }

  boolean isRegular() {
    return (mode & TYPE) == REGULAR;
  }

  /** Whether any of these permissions is there. */
  boolean permits(int permissions) {
    return (mode & permissions) != 0;
  }

  /** The permissions as chmod takes them. */
  String octal() {
    return octal(mode);
  }

  private static void checkDirectory(Path path, Stat found) throws IOException {
    checkOwner(path, found);
    if ((found.mode & GROUP_OR_OTHERS_WRITE) != 0 && (found.mode & STICKY) == 0) {
      throw changeable(path, found.mode);
    }
  }

  private static void checkOwner(Path path, Stat found) throws IOException {
    int user = ThisUser.id();
    if (found.owner != 0 && found.owner != user) {
      throw new KeyException(
          "%s belongs to user id %d, who is neither root nor the user of this process (%d)"
              .formatted(path, Integer.toUnsignedLong(found.owner), Integer.toUnsignedLong(user)));
    }
  }

  private static KeyException changeable(Path path, int mode) {
    return new KeyException(
        "the directory %s can be changed by others (mode %s)".formatted(path, octal(mode)));
  }

  private static String octal(int mode) {
    return "%04o".formatted(mode & PERMISSIONS);
  }

  /** What stat(2) tells; Java's own classes leave out the sticky bit and the owner's number. */
  private record Stat(int mode, int owner) {
    static Stat of(Path path, LinkOption... options) throws IOException {
      Map<String, Object> found = Files.readAttributes(path, "unix:mode,uid", options);
      return new Stat((int) found.get("mode"), (int) found.get("uid"));
    }

    boolean is(int type) {
      return (mode & TYPE) == type;
    }
  }
}
