#!/usr/bin/env bash
# Push the images to the registry of TARGET, under TAG or, while they are only candidates, under CANDIDATE.
source "${BASH_SOURCE[0]%/*}/lib.sh"

for service in "${services[@]}"; do
    image=$(repository "$service"):${CANDIDATE:-$TAG}
    docker tag "$service:$TAG" "$image"
    docker push "$image"
done
