#!/usr/bin/env bash
# Tell NOTIFY_URL, a webhook that takes form fields, how the build ended, and by SAID why. The URL is a secret: curl
# reads it from its standard input, so no list of processes shows it.
TARGET=build
source "${BASH_SOURCE[0]%/*}/lib.sh"

[[ -n ${NOTIFY_URL-} ]] || exit 0
must RESULT '[A-Za-z_]+'
text="$BY: $RESULT${SAID:+$'\n'$SAID}"
printf 'url = "%s"\n' "${NOTIFY_URL//[\"\\]/}" |
    curl --fail --silent --show-error --max-time 10 --output /dev/null --data-urlencode "text=$text" --config -
