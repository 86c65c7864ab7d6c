// SPDX-License-Identifier: Apache-2.0
package org.elasticsearch.plugins;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.elasticsearch.Build;
import org.elasticsearch.env.Environment;

/** A plugins service whose plugins are given, in place of found in directories. */
public final class FixedPlugins extends PluginsService {
  private final List<LoadedPlugin> plugins;

  /** Holds these plugins. */
  public FixedPlugins(Environment environment, PluginsLoader loader, List<Plugin> plugins) {
    super(environment.settings(), null, loader);
    this.plugins = plugins.stream().map(FixedPlugins::loaded).toList();
  }

  /** The super constructor calls it too, before there are any. */
  @Override
  protected List<LoadedPlugin> plugins() {
    return plugins == null ? List.of() : plugins;
  }

  private static LoadedPlugin loaded(Plugin plugin) {
    Class<?> type = plugin.getClass();
    String descriptor =
        String.join(
            "\n",
            "name=" + type.getSimpleName(),
            "description=part of the sandbox",
            "version=0",
            "elasticsearch.version=" + Build.current().version(),
            "java.version=17",
            "classname=" + type.getName(),
            "");
    byte[] bytes = descriptor.getBytes(StandardCharsets.UTF_8);
    try {
      return new LoadedPlugin(
          PluginDescriptor.readInternalDescriptorFromStream(new ByteArrayInputStream(bytes)),
          plugin,
          type.getClassLoader());
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }
}
