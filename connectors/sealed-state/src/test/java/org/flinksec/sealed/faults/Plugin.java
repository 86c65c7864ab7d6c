// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.faults;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.plugin.PluginUtils;

/** Loads the sealed file system as a process of a cluster does: from Flink's plugin directory. */
final class Plugin {
  private Plugin() {}

  static void load(String keys) {
    Configuration config = new Configuration();
    config.setString("flinksec.sealed.keys", keys);
    FileSystem.initialize(config, PluginUtils.createPluginManagerFromRootFolder(config));
  }

  static Path sealed(String path) {
    return new Path("sealed+file://" + path);
  }
}
