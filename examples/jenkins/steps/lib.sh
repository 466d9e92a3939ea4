# What the steps share. They are told what to do by variables of the environment, which are checked here; nothing that
# comes from outside (a branch, a tag, a reason) is ever a part of a command's text.
# shellcheck shell=bash

set -euo pipefail

readonly PLAN=${PLAN:-ci/plan.yaml}
readonly REPORTS=${REPORTS:-reports}
SERVICES=${SERVICES:-posts threads}
LOCK_TRIES=${LOCK_TRIES:-30}
LOCK_PAUSE=${LOCK_PAUSE:-20}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# must NAME PATTERN: the variable has to be there and to match as a whole.
must() {
    local pattern="^($2)\$"
    [[ ${!1-} =~ $pattern ]] || fail "$1: found $(printf '%q' "${!1-}"), allowed: $2"
}

# A text of one line: what a person typed into a form, or the name of a branch.
line() {
    local text=${1//[[:cntrl:]]/ }
    printf '%s' "${text:0:200}"
}

must TARGET '[a-z][a-z0-9-]*'
must SERVICES '[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*'
TAG=${TAG:-$(git rev-parse --short=12 HEAD)}
export TAG
must TAG '[A-Za-z0-9_][A-Za-z0-9._-]{0,122}'
BY=$(line "${BY:-pipeline}")
# shellcheck disable=SC2034  # the steps use it
read -ra services <<<"$SERVICES"
mkdir -p "$REPORTS"

# repository SERVICE: where its images are in this environment.
repository() {
    must REGISTRY '[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com'
    printf '%s/forum-%s/%s' "$REGISTRY" "$TARGET" "$1"
}

# The command in its container. Variables are passed by name: their values are on no command line.
orchestrator() {
    must ORCHESTRATOR_IMAGE '[A-Za-z0-9][A-Za-z0-9._/:@-]*'
    local name passed=()
    for name in "${!AWS_@}" "${!ORCHESTRATOR_@}" http_proxy https_proxy no_proxy; do
        [[ -z ${!name+there} ]] || passed+=(--env "$name")
    done
    (exec docker run --rm --init --user "$(id -u):$(id -g)" --volume "$PWD:/work" --workdir /work \
        "${passed[@]}" "$ORCHESTRATOR_IMAGE" "$@")
}

# run WORDS…: the command, shown and kept; its exit code in $code. Where somebody else holds the stack it is tried again.
# The step outlives a SIGTERM: the command gets one as well, and what becomes of the rollout is what it says.
run() {
    local try
    trap 'stopped=yes' TERM INT
    [[ -n ${code-} ]] || rm -f "$REPORTS/$TARGET".{log,verdict,said}
    exec 3> >(trap '' TERM INT && exec tee -a "$REPORTS/$TARGET.log")
    for ((try = 1; ; try++)); do
        code=0
        orchestrator "$@" >&3 2>&1 || code=$?
        ((code == 15 && try < LOCK_TRIES)) && [[ -z ${stopped-} ]] || break
        sleep "$LOCK_PAUSE" || true
    done
    exec 3>&-
    wait "$!" || true
}

# What a code means for the build: passed, waiting (for a person, or for a daemon), unstable (the former release serves,
# nothing is broken) or failed (somebody has to look).
meaning() {
    case $1 in
    0) echo passed ;;
    13 | 14) echo waiting ;;
    3 | 10 | 12) echo unstable ;;
    *) echo failed ;;
    esac
}

# finish: leave what the code means in $TARGET.verdict, and why in $TARGET.said; end with the code.
finish() {
    local why
    why=$(grep -E '^(✗|…|error:) ' "$REPORTS/$TARGET.log" | head -n 3 | tr '\n' ' ') || why=""
    if ((code)); then
        line "$TARGET: ${why:-exit code $code}" >"$REPORTS/$TARGET.said"
    else
        line "$TARGET: ${*:-done}" >"$REPORTS/$TARGET.said"
    fi
    meaning "$code" >"$REPORTS/$TARGET.verdict"
    exit "$code"
}
