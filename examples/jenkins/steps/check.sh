#!/usr/bin/env bash
# Ask the services in TARGET through their load balancer; put tests of your own here.
source "${BASH_SOURCE[0]%/*}/lib.sh"

must BASE_URL 'https?://[A-Za-z0-9.:-]+'
for service in "${services[@]}"; do
    curl --fail --silent --show-error --max-time 10 --retry 3 --output /dev/null "$BASE_URL/api/$service"
    echo "$service answers"
done
