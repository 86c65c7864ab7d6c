// SPDX-License-Identifier: Apache-2.0

/** Apache ORC: files of columns. */
package org.flinksec.formats.orc;
