#!/usr/bin/env bash
# On GitHub: have the next steps name the person who approved the deployment, and give their comment as the reason.
source "${BASH_SOURCE[0]%/*}/lib.sh"

{
    printf 'APPROVER=%s\n' "$(line "$1")"
    printf 'REASON=%s\n' "$(line "$2")"
} >>"$GITHUB_ENV"
