#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# late_libraries PROGRAM - what is loaded when it is needed (docs/decisions/0017) is
# not linked, and who lacks it is told.
set -u
program=$1
late='libcurl|libxml2|libicu|libqpdf'
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

linked=$(ldd "$program")
if ! grep -q libcrypto <<< "$linked"; then
	echo "not ok - the libraries of $program are not known"
elif grep -E "$late" <<< "$linked"; then
	echo "not ok - $program links these"
else
	echo "ok - $program links nothing that comes late"
fi

# lacks FILE PACKAGE COMMAND... - an empty file stands in the library's place.
lacks() {
	local file=$1 package=$2 said
	shift 2
	: > "$dir/$file"
	said=$(LD_LIBRARY_PATH=$dir "$program" "$@" 2>&1)
	if [ $? -eq 70 ] && [[ $said == *"cannot load $file (package $package)"* ]]; then
		echo "ok - $1 without $file says so"
	else
		echo "not ok - $1 without $file: $said"
	fi
	rm "$dir/$file"
}
lacks libcurl.so.4 libcurl4 info --url http://127.0.0.1:9
lacks libxml2.so.2 libxml2 policy show default
