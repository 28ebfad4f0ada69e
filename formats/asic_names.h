/* SPDX-License-Identifier: Apache-2.0 */
/* asic_names - file names with a meaning in a container. Private to the room.
 * Spec: EN 319 162-1 4.3.3.2, 4.4.4; TS 119 512 A.3.1.3 */
#ifndef LTPS_FORMATS_ASIC_NAMES_H
#define LTPS_FORMATS_ASIC_NAMES_H

#include <stdbool.h>

#include "base/bytes.h"

#define ASIC_META "META-INF/"
#define ASIC_MIMETYPE_NAME "mimetype"
#define ASIC_MANIFEST_NAME ASIC_META "ASiCEvidenceRecordManifest001.xml"
#define ASIC_RECORD_NAME ASIC_META "evidencerecord001.ers"

/* Whether a name (or its case variants, which some file systems cannot tell
 * apart) stands for a data object: not mimetype, not in META-INF. */
bool asic_is_object_name(struct view name);
/* META-INF/...ASiCEvidenceRecordManifest....xml */
bool asic_is_record_manifest(struct view name);
/* META-INF/...evidencerecord....ers or .xml */
bool asic_is_record(struct view name, bool *ret_xml);

#endif
