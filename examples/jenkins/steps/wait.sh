#!/usr/bin/env bash
# Wait for what a daemon drives in TARGET, or somebody has yet to approve, for PATIENCE seconds.
source "${BASH_SOURCE[0]%/*}/lib.sh"

must PATIENCE '[0-9]{1,6}'
run status "$PLAN" -e "$TARGET" --wait --timeout "$PATIENCE"
finish "$SERVICES run $TAG"
