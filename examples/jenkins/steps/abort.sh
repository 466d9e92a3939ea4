#!/usr/bin/env bash
# After a build was aborted: leave what is on its way in TARGET to a daemon, or take it back, as ON_ABORT says. The
# command may have gone back by itself before; then there is nothing left to do.
source "${BASH_SOURCE[0]%/*}/lib.sh"

must ON_ABORT 'leave|rollback'
if [[ $ON_ABORT == leave ]]; then
    run status "$PLAN" -e "$TARGET"
    finish "left as it is; a daemon goes on with it, or the next deploy does"
fi
run abort "$PLAN" -e "$TARGET" --by "$(line "${APPROVER:-$BY}")" --reason "$(line "${REASON:-the build was aborted}")" \
    --wait --junit "$REPORTS/$TARGET-abort.xml"
((code != 10 && code != 16)) || code=0 # it has gone back, or nothing was on its way
finish "taken back"
