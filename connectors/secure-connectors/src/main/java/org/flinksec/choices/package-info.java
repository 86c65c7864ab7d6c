// SPDX-License-Identifier: Apache-2.0

/** Arguments and settings that are one of a few words. */
package org.flinksec.choices;
