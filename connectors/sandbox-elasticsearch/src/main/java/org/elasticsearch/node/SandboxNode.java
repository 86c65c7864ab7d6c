// SPDX-License-Identifier: Apache-2.0
package org.elasticsearch.node;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.env.Environment;
import org.elasticsearch.plugins.FixedPlugins;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.plugins.PluginsService;

/** A node that runs with given plugins in any JVM; in this package for what only it may call. */
public final class SandboxNode extends Node {
  /** Builds it; {@link #start} starts it. */
  public SandboxNode(Environment environment, List<Plugin> plugins) {
    super(
        NodeConstruction.prepareConstruction(
            environment,
            PluginsLoader.createPluginsLoader(Set.of(), Set.of(), Map.of(), false),
            new NodeServiceProvider() {
              @Override
              PluginsService newPluginService(Environment of, PluginsLoader loader) {
                return new FixedPlugins(of, loader, plugins);
              }
            },
            true));
  }
}
