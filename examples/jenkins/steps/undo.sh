#!/usr/bin/env bash
# Have each service in TARGET go back to what it ran before; the first code that is not 0 is the step's. Where the old
# colour is gone already that is a rollout, which waits for approval where others do: whoever undoes has given it.
source "${BASH_SOURCE[0]%/*}/lib.sh"

worst=0
for service in "${services[@]}"; do
    run undo "$PLAN" "$service" -e "$TARGET" --by "$BY" --reason "$(line "${REASON:-undo}")" \
        --junit "$REPORTS/$TARGET-$service-undo.xml"
    if ((code == 13)); then
        run promote "$PLAN" "$service" -e "$TARGET" --by "$BY" --reason "$(line "${REASON:-undo}")" \
            --wait --junit "$REPORTS/$TARGET-$service-undo.xml"
    fi
    ((worst)) || worst=$code
done
code=$worst
finish "$SERVICES run what they ran before"
