#!/usr/bin/env bash
# The step of the action: installs unisync, waits, and sets the outputs. Also runs in bash 3.2, the version of macOS.
set -euf -o pipefail # -f: a * in a reference is not expanded

venv=$RUNNER_TEMP/unisync-wait
requirement="unisync-aws[cli]$INPUT_VERSION"
export MSYS2_ARG_CONV_EXCL='*' # Git's bash on Windows would rewrite references and roles that look like paths
export PYTHONIOENCODING=utf-8  # the encoding of GitHub's log, also on Windows

install() {
    # -I: do not import modules from the repository.
    "$INPUT_PYTHON" -I -m venv --clear "$venv" &&
        "$(command_in_venv python)" -I -m pip install --quiet --disable-pip-version-check "$requirement" &&
        printf %s "$requirement" >"$venv/installed"
}

command_in_venv() {
    if [ -d "$venv/Scripts" ]; then printf %s "$venv/Scripts/$1"; else printf %s "$venv/bin/$1"; fi
}

words=(wait --output jsonl)
option() { # NAME VALUE; an empty value is left out
    if [ -n "$2" ]; then words+=("--$1=$2"); fi
}
option repository "$INPUT_REPOSITORY"
option branch "$INPUT_BRANCH"
option revision "$INPUT_REVISION"
if [ "$INPUT_OR_NEWER" = true ]; then words+=(--or-newer); fi
option timeout "$INPUT_TIMEOUT"
option grace "$INPUT_GRACE"
option for "$INPUT_FOR"
option max-failures "$INPUT_MAX_FAILURES"
option profile "$INPUT_PROFILE"
option endpoint-url "$INPUT_ENDPOINT_URL"
option junit "$INPUT_JUNIT"
for region in $INPUT_REGION; do option region "$region"; done
for arn in $INPUT_ROLE_ARN; do option role-arn "$arn"; done
words+=(--) # no reference is parsed as an option
for ref in $INPUT_REFS; do words+=("$ref"); done

code=0 rows=''
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$requirement" ] && ! install; then
    echo "::error title=unisync wait::unisync could not be installed"
    code=1
else
    rows=$("$(command_in_venv unisync)" "${words[@]}") || code=$?
fi

case $code in
0) result=synced ;;
2) result=usage ;;
3) result=failed ;;
4) result=blocked ;;
5) result=not-found ;;
6) result=superseded ;;
124) result=timed-out ;;
130 | 143) result=interrupted ;;
*) result=error ;;
esac

json="[$(printf %s "$rows" | tr -d '\r' | tr '\n' ,)]"
if [ ${#json} -gt 500000 ]; then # GitHub's limit for all outputs of a job is 1 MB, at two bytes per character
    echo "::warning title=unisync wait::The output json is empty because it would have ${#json} characters"
    json=''
fi
end=end-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') # random, so that no message of AWS's can contain it
printf '%s\n' "exit-code=$code" "result=$result" "json<<$end" "$json" "$end" >>"$GITHUB_OUTPUT"
echo "unisync wait: $result"
exit "$code"
