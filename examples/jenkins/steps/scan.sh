#!/usr/bin/env bash
# Hold the images to the plan's own gates before they get their release tag: ECR scans what is pushed, so they are
# pushed as candidates first. The registry has their layers then, and the release tag costs one request.
source "${BASH_SOURCE[0]%/*}/lib.sh"

CANDIDATE="scan-$TAG" "${BASH_SOURCE[0]%/*}/push.sh"
images=()
for service in "${services[@]}"; do images+=(--image "$service=scan-$TAG"); done
run verify "$PLAN" -e "$TARGET" "${images[@]}" --junit "$REPORTS/scan.xml"
finish "nothing found that is not allowed"
