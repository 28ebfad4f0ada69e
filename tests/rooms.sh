#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rooms - a room includes only rooms below it, and each foreign library stands
# behind its fence (STYLE: architecture 2 and 3).
cd "$(dirname "$0")/.." || exit 1
bad=0
n=0

allow() { # room, allowed rooms...
	local room=$1
	shift
	local allowed=" $room $* "
	while IFS=: read -r file include; do
		n=$((n + 1))
		local used=${include#*\"}
		used=${used%%/*}
		case "$allowed" in
		*" $used "*) ;;
		*) echo "not ok - $file includes $used/"; bad=1 ;;
		esac
	done < <(grep -HoE '^#include "[a-z]+/' "$room"/*.[ch] 2>/dev/null)
}
allow base
allow formats base
allow timestamping base formats
allow validation base formats timestamping
allow scvp base formats timestamping validation
allow devpki base formats timestamping
allow storage base
allow scheduler base storage
allow ltp base formats timestamping validation scvp storage scheduler
allow server base formats timestamping validation scvp devpki storage scheduler ltp

fence() { # pattern of the header, allowed files (a regular expression)
	while IFS= read -r file; do
		if ! [[ $file =~ $2 ]]; then
			echo "not ok - $file includes $1"
			bad=1
		fi
	done < <(grep -lE "^#include <$1" */*.[ch] | grep -vE '^(tests|bench)/')
}
fence 'curl/' '^base/fetch_curl\.h$'
fence 'dlfcn\.h' '^base/late_library\.c$'
fence 'sqlite3\.h' '^storage/db\.c$'
fence 'event2/' '^server/'
fence 'jansson\.h' '^(server/|validation/algorithm_suite_json\.c$)'
fence 'zlib\.h' '^formats/(zip|pdf_filter|pdf_update_deflate)\.c$'
fence 'qpdf/' '^formats/pdf_qpdf\.c$'
fence 'libxml/' '^formats/xml\.c$'

# Clock calls stay at the edge.
if grep -nE '\b(time|gettimeofday|clock_gettime)\(' */*.c |
	grep -vE '^(base/(clock|pool|fetch|log)[a-z_]*\.c|tests|bench)'; then
	echo "not ok - a clock is read below the edge"
	bad=1
fi
[ $n -gt 0 ] || { echo "not ok - no include was looked at"; bad=1; }
[ $bad -eq 0 ] && echo "ok - $n includes stay within their rooms"
exit $bad
