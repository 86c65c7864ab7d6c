// SPDX-License-Identifier: Apache-2.0

/** What a format of records has of its own; each format has a package beside this one. */
package org.flinksec.formats;
