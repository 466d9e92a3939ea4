#!/usr/bin/env bash
# On GitHub: tell what a step's exit code means in the job's summary and its output `verdict`, and fail the job by it.
source "${BASH_SOURCE[0]%/*}/lib.sh"

verdict=$(<"$REPORTS/$TARGET.verdict")
said=$(<"$REPORTS/$TARGET.said")
{
    printf '### %s: %s\n\n' "$TARGET" "$verdict"
    printf '    %s\n' "$said" "" # indented, so that nothing in it is read as markup
    tail -n 40 "$REPORTS/$TARGET.log" | sed 's/^/    /'
    echo
} >>"$GITHUB_STEP_SUMMARY"
printf 'verdict=%s\n' "$verdict" >>"$GITHUB_OUTPUT"
case $verdict in
passed | waiting) printf '%s\n' "$said" ;;
*) fail "$said" ;;
esac
