#!/usr/bin/env bash
# Roll the images out in TARGET. Several are one release: kept or taken back together.
source "${BASH_SOURCE[0]%/*}/lib.sh"

must ON_ABORT 'leave|rollback'
images=()
for service in "${services[@]}"; do images+=(--image "$service=$TAG"); done
[[ ${HAND_OVER:-no} != yes ]] || images+=(--no-wait)
run deploy "$PLAN" -e "$TARGET" "${images[@]}" --on-abort "$ON_ABORT" --by "$BY" --junit "$REPORTS/$TARGET.xml"
finish "$SERVICES run $TAG"
