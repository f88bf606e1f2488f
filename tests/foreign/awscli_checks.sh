#!/usr/bin/env bash
# The AWS CLI: `awscli_checks.sh PYTHON SERVICE`. Only environment variables lead it to the emulator.
set -euo pipefail

python=$1 service=$2
role=arn:aws:iam::123456789012:role/sync
live=4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3
broken=b10c6e55a1f04d7c9e8b2a3d4c5f60718293a4b5
web=90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9

client="AWS CLI $("$python" -c 'import awscli; print(awscli.__version__)')"
protocol=application/x-amz-json-1.0
if [ -n "${AWS_DATA_PATH:-}" ]; then # which run sets for nothing else
    client+=', CBOR'
    protocol=application/cbor
fi

aws() { "$python" -m awscli "$service" --output text "$@"; }

with_wrong_secret() { AWS_SECRET_ACCESS_KEY='a guess' "$@"; }

check() { # WHAT EXPECTED FOUND
    if [ "$3" = "$2" ]; then
        printf 'ok      %s: %s %s\n' "$client" "$service" "$1"
    else
        printf 'FAILED  %s: %s %s: expected %s, found %s\n' "$client" "$service" "$1" "$2" "${3//$'\n'/ }"
    fi
}

answers() { # WHAT EXPECTED COMMAND...: what it prints, its columns one space apart
    local found
    found=$("${@:3}" 2>&1) || found="status $?: $found"
    check "$1" "$2" "${found//$'\t'/ }"
}

refuses() { # WHAT CODE COMMAND...: that it fails and names that error
    local found status=0 named
    found=$("${@:3}" 2>&1) || status=$?
    named=$(sed -n 's/.*An error occurred (\([A-Za-z]*\)) when calling.*/\1/p' <<<"$found")
    check "$1: $2" "status 255, $2" "status $status, ${named:-$found}"
}

check_iottwinmaker() {
    local job=(--workspace-id awscli --sync-source SITEWISE)
    answers create-sync-job CREATING aws create-sync-job "${job[@]}" --sync-role "$role" --query state
    # Starting the CLI once more takes it longer than the job takes to become ACTIVE.
    answers get-sync-job "ACTIVE $role" aws get-sync-job "${job[@]}" --query '[status.state, syncRole]'
    refuses 'create-sync-job of what exists' ConflictException aws create-sync-job "${job[@]}" --sync-role "$role"
    refuses 'create-sync-job with a malformed role' ValidationException \
        aws create-sync-job "${job[@]}" --sync-role 'nobody in particular'
    job=(--workspace-id awscli --sync-source NOTHING)
    refuses 'get-sync-job of nothing' ResourceNotFoundException aws get-sync-job "${job[@]}"
    refuses 'get-sync-job with a wrong secret' InvalidSignatureException with_wrong_secret aws get-sync-job "${job[@]}"
}

check_proton() {
    local status=(get-service-instance-sync-status --service-name web --service-instance-name)
    answers "${status[0]}" "$web acme/web SUCCEEDED" aws "${status[@]}" prod \
        --query '[desiredState.sha, desiredState.repositoryName, latestSync.status]'
    refuses "${status[0]} of nothing" ResourceNotFoundException aws "${status[@]}" nothing
    refuses "${status[0]} with a malformed name" ValidationException aws "${status[@]}" 'not a name'
    refuses "${status[0]} with a wrong secret" InvalidSignatureException with_wrong_secret aws "${status[@]}" prod
}

check_connections() {
    local status=(get-resource-sync-status --sync-type CFN_STACK_SYNC --resource-name) log
    answers "${status[0]}" "FAILED $broken $live" aws "${status[@]}" payments-prod \
        --query '[LatestSync.Status, LatestSync.TargetRevision.Sha, LatestSuccessfulSync.TargetRevision.Sha]'
    log=$(aws "${status[@]}" payments-prod --debug 2>&1 >/dev/null) || true
    check "${status[0]}, its protocol" "$protocol" \
        "$(sed -n "s/.*Response headers: .*'content-type': '\([^']*\)'.*/\1/p" <<<"$log")"
    refuses "${status[0]} of nothing" ResourceNotFoundException aws "${status[@]}" nothing
    refuses "${status[0]} with a malformed name" InvalidInputException aws "${status[@]}" '?'
    refuses "${status[0]} with a wrong secret" InvalidSignatureException \
        with_wrong_secret aws "${status[@]}" payments-prod
}

case $service in
*connections) check_connections ;;
*) "check_$service" ;;
esac
