#!/usr/bin/env bash
# Build the images, each from the directory of its service.
source "${BASH_SOURCE[0]%/*}/lib.sh"

for service in "${services[@]}"; do
    docker build --tag "$service:$TAG" "services/$service"
done
