// SPDX-License-Identifier: Apache-2.0

/**
 * What several formats do alike with single values: as text, as UTF-8, and what is wrong with one.
 */
package org.flinksec.formats.values;
