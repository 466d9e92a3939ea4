#!/usr/bin/env bash
# Compare TARGET with the plan. Changes nothing.
source "${BASH_SOURCE[0]%/*}/lib.sh"

run drift "$PLAN" -e "$TARGET" --junit "$REPORTS/$TARGET-drift.xml"
finish "as planned"
