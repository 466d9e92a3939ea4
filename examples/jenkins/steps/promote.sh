#!/usr/bin/env bash
# Approve what waits in TARGET, in the name of APPROVER, and drive it or see it driven to its end.
source "${BASH_SOURCE[0]%/*}/lib.sh"

must ON_ABORT 'leave|rollback'
run promote "$PLAN" -e "$TARGET" --by "$(line "${APPROVER:-$BY}")" --reason "$(line "${REASON:-}")" \
    --wait --on-abort "$ON_ABORT" --junit "$REPORTS/$TARGET-promote.xml"
finish "$SERVICES run $TAG, approved by ${APPROVER:-$BY}"
