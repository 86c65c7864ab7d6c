// SPDX-License-Identifier: Apache-2.0

/** Files below a directory: in which partition a row goes, where a file ends, what is left over. */
package org.flinksec.files;
