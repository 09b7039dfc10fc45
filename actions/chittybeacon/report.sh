#!/usr/bin/env bash
# Sends one event about the job to ChittyBeacon; action.yml says what the variables mean.
#
# Whatever happens, this ends well and within 5 seconds: a report is not worth a failed or a slow deployment. It needs bash,
# curl and jq, which GitHub's Linux, macOS and Windows runners have, and is written for bash 3.2, which macOS has.
#
# shellcheck disable=SC2016 # what stands in single quotes are jq's variables

set -u
readonly REQUEST_SECONDS=3 SECONDS_IN_ALL=4

give_up() {
  printf '::warning title=chittybeacon::The Beacon was not told: %s.\n' "$1"
  exit 0
}

# The seconds that this job has run, '' where they cannot be told. A runner starts one process for each job.
age_of_job() {
  local process="$$" parent name age
  while [ "${process:-1}" -gt 1 ] 2>/dev/null; do
    read -r parent name <<<"$(ps -o ppid= -o comm= -p "$process" 2>/dev/null)"
    case "$name" in
      *Runner.Worker)
        age="$(ps -o etime= -p "$process")" # [[days-]hours:]minutes:seconds
        printf '%s' "$age" | jq -Rrs '[scan("[0-9]+") | tonumber] | reverse
          | [., [1, 60, 3600, 86400]] | transpose | map(select(.[0])) | map(.[0] * .[1]) | add'
        return
        ;;
    esac
    process="${parent:-}"
  done
}

case "${BEACON_DISABLED:-}" in
  true) printf 'BEACON_DISABLED is set, so the Beacon is not told.\n' && exit 0 ;;
esac
for program in curl jq; do
  command -v "$program" >/dev/null || give_up "this runner has no $program"
done

# shellcheck disable=SC2153 # the input, in capitals like all of them
endpoint="${ENDPOINT:-${BEACON_ENDPOINT:-https://beacon.cloudeto.com}}"
endpoint="${endpoint%/}"
case "$endpoint" in
  *[!A-Za-z0-9.:/_-]*) give_up 'its endpoint is no plain address' ;;
  http://?* | https://?*) ;;
  *) give_up 'its endpoint does not begin with https://' ;;
esac

# `id`, `name`, `platform` and `event` are those of the Beacon's own package, so that its dashboard lists the service.
event="$(AGE="$(age_of_job)" jq -cn '
  def began: if test("^[0-9]+$") then tonumber else try fromdateiso8601 catch null end;
  (now | floor) as $now
  | ($ENV.SERVICE | if . == "" then $ENV.GITHUB_REPOSITORY | sub("^.*/"; "") else . end) as $service
  | {
      event: "deployment",
      id: ("github-" + ($ENV.GITHUB_REPOSITORY | sub("/"; "-"))),
      name: $service,
      platform: "github-actions",
      service: $service,
      repository: $ENV.GITHUB_REPOSITORY,
      ref: $ENV.GITHUB_REF,
      commit: $ENV.GITHUB_SHA,
      workflow: $ENV.GITHUB_WORKFLOW,
      job: $ENV.GITHUB_JOB,
      run: $ENV.GITHUB_RUN_ID,
      run_attempt: $ENV.GITHUB_RUN_ATTEMPT,
      run_url: "\($ENV.GITHUB_SERVER_URL)/\($ENV.GITHUB_REPOSITORY)/actions/runs/\($ENV.GITHUB_RUN_ID)",
      status: $ENV.STATUS,
      duration: (($ENV.STARTED | if . == "" then null else began end) as $began
        | if $began then [$now - $began, 0] | max else try ($ENV.AGE | tonumber) catch null end),
      timestamp: ($now | todate)
    }')" || give_up 'the event could not be written'

# curl keeps its time, except where the resolver of the system does not come back; the loop ends that.
answer="$(mktemp "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/chittybeacon.XXXXXX")" || give_up 'there is no place for an answer'
trap 'rm -f -- "$answer"' EXIT
printf '%s' "$event" | curl --disable --silent --globoff --proto '=http,https' --max-time "$REQUEST_SECONDS" \
  --header 'Content-Type: application/json' --data-binary @- --output /dev/null --write-out '%{http_code}' \
  "$endpoint/track" >"$answer" 2>/dev/null &
sender=$!
while [ "$SECONDS" -lt "$SECONDS_IN_ALL" ] && kill -0 "$sender" 2>/dev/null; do sleep 0.1; done
kill -9 "$sender" 2>/dev/null
code=0
wait "$sender" 2>/dev/null || code=$?

case "$code:$(cat "$answer")" in
  0:2??) printf 'The Beacon at %s was told: %s.\n' "${endpoint#*://}" "$(printf '%s' "$event" | jq -r '.status | gsub("[^a-z]"; "")')" ;;
  0:*) give_up "it answered with HTTP $(tr -dc 0-9 <"$answer")" ;;
  28:* | 137:*) give_up "it did not answer within $REQUEST_SECONDS seconds" ;;
  *) give_up "it could not be reached (curl exit code $code)" ;;
esac
