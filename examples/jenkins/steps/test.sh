#!/usr/bin/env bash
# Test what was built: a Dockerfile's stage `test` runs the tests of its service.
source "${BASH_SOURCE[0]%/*}/lib.sh"

for service in "${services[@]}"; do
    docker build --target test "services/$service"
done
