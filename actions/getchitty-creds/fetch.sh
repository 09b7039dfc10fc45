#!/usr/bin/env bash
# Asks ChittyConnect for the credentials of a job and makes them outputs of the step; action.yml says what the variables
# mean.
#
# * A secret goes through standard input or the environment, never through an argument, which `ps` shows to all.
# * The runner hears of a value with ::add-mask:: before anything else does.
# * What others say is never printed, except for an error code of ChittyConnect that looks like one.
# * Nothing is needed but bash, curl and jq, which GitHub's Linux, macOS and Windows runners have (actions/runner-images,
#   2026-11). macOS has bash 3.2: no associative arrays, no mapfile, no expansion of an empty array.
#
# shellcheck disable=SC2016 # what stands in single quotes are jq's variables

set +x # also where SHELLOPTS asks for a trace, which would print values
set -euo pipefail
umask 077

readonly newline=$'\n'
readonly CONNECT_SECONDS=10 REQUEST_SECONDS=20 # per request
readonly ATTEMPTS=4
readonly LONGEST_WAIT=60 # seconds that Retry-After may ask for; a job is not kept waiting for longer

# What jq is told beside each program: how a value becomes the data of a workflow command (as @actions/core does it), and
# the masks of a value: GitHub hides the lines of a value each for itself, and not every runner does that by itself.
readonly DEFINITIONS='
  def data: gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
  def masks: [., (gsub("\r"; "\n") | split("\n")[])] | unique[] | select(test("\\S")) | "::add-mask::" + data;
  def names: split(",") | map(gsub("^\\s+|\\s+$"; "") | select(. != ""));
  def outputs: {
    CLOUDFLARE_API_TOKEN: "cloudflare_token", CLOUDFLARE_ACCOUNT_ID: "account_id",
    NPM_TOKEN: "npm_token", GITHUB_TOKEN: "github_token"
  };
'

fail() {
  printf '::error title=getchitty-creds::%s\n' "$1"
  exit 1
}

for program in curl jq; do
  command -v "$program" >/dev/null || fail "This runner has no $program, which is needed to ask ChittyConnect."
done

# On Windows jq writes \r\n unless it is told not to; elsewhere older ones do not know the option.
binary=''
if jq -b -n 1 >/dev/null 2>&1; then binary=-b; fi
query() {
  jq ${binary:+"$binary"} "$@"
}

mask() {
  printf '%s' "$1" | query -Rrs "$DEFINITIONS masks"
}

# Whether a text can stand in an HTTP header: visible ASCII, no blanks, no line breaks.
is_header_word() {
  local LC_ALL=C
  case "$1" in
    '' | *[!\!-~]*) return 1 ;;
  esac
}

# What curl reads as its configuration: URL, bearer token, and the JSON to send, '' for none.
configuration() {
  printf '%s' "$3" | URL="$1" TOKEN="$2" query -Rrs '
    "url = \($ENV.URL | tojson)",
    "header = \("Authorization: Bearer " + $ENV.TOKEN | tojson)",
    "header = \"Accept: application/json\"",
    if . == "" then empty else "header = \"Content-Type: application/json\"", "data-binary = \(tojson)" end'
}

# The seconds that the last response asks to wait, '' where it does not say.
retry_after() {
  query -Rr 'select(test("^retry-after:"; "i")) | sub("^[^:]*:\\s*"; "") | sub("\\s+$"; "")
    | if test("^[0-9]{1,9}$") then tonumber
      else try (strptime("%a, %d %b %Y %H:%M:%S GMT") | mktime - now | ceil) catch empty end
    | if . < 0 then 0 else . end' "$headers" | tail -n 1
}

# request WHO URL TOKEN BODY
# Sets `answer` to the body of a response with status 200 or 201. Else it returns 1 with `problem` a sentence without full
# stop, and `status` the HTTP status, 000 for none. What may be better in a moment is tried again.
request() {
  local who="$1" attempt=1 code output asked wait
  while :; do
    code=0
    output="$(configuration "$2" "$3" "$4" | curl --disable --silent --globoff --config - --proto '=http,https' \
      --connect-timeout "$CONNECT_SECONDS" --max-time "$REQUEST_SECONDS" --max-filesize 1048576 \
      --dump-header "$headers" --write-out '\n%{http_code}')" || code=$?
    answer=${output%"$newline"*}
    status=${output##*"$newline"}
    [ "$code" = 0 ] || status=000
    problem=''
    asked=''
    case "$code:$status" in
      0:200 | 0:201) return 0 ;;
      0:429) problem="$who has had too many requests (HTTP 429)" ;;
      0:5??) problem="$who has a failure of its own (HTTP $status$(error_code))" ;;
      0:*) break ;;
      28:*) problem="$who did not answer within $REQUEST_SECONDS seconds" ;;
      1:* | 3:* | 60:* | 63:*) break ;; # address, certificate or size: the next answer will not be another
      *) problem="$who cannot be reached (curl exit code $code)" ;;
    esac
    [ "$code" != 0 ] || asked="$(retry_after)"
    if [ -n "$asked" ] && [ "$asked" -gt "$LONGEST_WAIT" ]; then
      problem="$problem and asks to come back in $asked seconds, which is longer than a job should wait"
      return 1
    fi
    if [ "$attempt" -ge "$ATTEMPTS" ]; then
      problem="$problem, $ATTEMPTS times in a row"
      return 1
    fi
    # Twice as long each time, and never less than asked for; the random part keeps jobs apart that failed together.
    wait=$((1 << (attempt - 1)))
    if [ -n "$asked" ] && [ "$asked" -gt "$wait" ]; then wait="$asked"; fi
    printf '%s; next attempt in about %d s\n' "$problem" "$wait"
    sleep "$(printf '%d.%03d' "$wait" "$((RANDOM % 1000))")"
    attempt=$((attempt + 1))
  done
  case "$code:$status" in
    0:400 | 0:422) problem="$who does not accept the request (HTTP $status$(error_code)): see the inputs credentials and type" ;;
    0:401) problem="$who does not accept $proof (HTTP 401$(error_code))" ;;
    0:403) problem="$who does not let this repository have what it asks for (HTTP 403$(error_code))" ;;
    0:404) problem="$who knows no such address (HTTP 404): see the input endpoint" ;;
    0:*) problem="$who answers with HTTP $status, which is not expected" ;;
    60:*) problem="$who shows a certificate that this runner does not trust" ;;
    63:*) problem="$who answers with more than 1 MiB" ;;
    *) problem="the address of $who is none (curl exit code $code)" ;;
  esac
  return 1
}

# ` CODE` for an error code in the last answer.
error_code() {
  printf '%s' "$answer" | query -r '.error.code | strings | select(test("^[A-Z][A-Z0-9_]{2,63}$")) | " " + .' 2>/dev/null || :
}

# Sets `token` to an identity token of this job for ChittyConnect, else returns 1 with a `problem`.
identity_token() {
  local audience
  proof='the token of this job'
  audience="$(printf '%s' "$endpoint" | query -Rrs '@uri')"
  request "GitHub's token service" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$audience" \
    "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" '' || return 1
  token="$(printf '%s' "$answer" | query -r '.value | strings' 2>/dev/null)" || token=''
  mask "$token"
  is_header_word "$token" || {
    problem="GitHub's token service answers with something that is no token"
    return 1
  }
}

# Sets `answer` to {"NAME": value, …} of what ChittyConnect issues, all masked, else returns 1 with a `problem`.
by_identity_token() {
  local body
  identity_token || return 1
  proof='the identity token of this job'
  body="$(query -cn "$DEFINITIONS"'
    {credentials: ($ENV.CREDENTIALS | names), purpose: $ENV.PURPOSE, service: $ENV.SERVICE}
    + ($ENV.ZONES | names | if . == [] then {} else {zones: .} end)')"
  request ChittyConnect "$endpoint/api/github-actions/credentials" "$token" "$body" || return 1
  issued '.credentials'
}

# The same by the API key, which stands for one credential of the asked type, for Cloudflare with its account.
by_api_key() {
  local body
  proof='the API key'
  body="$(query -cn "$DEFINITIONS"'
    {type: $ENV.TYPE, context: (
      {service: $ENV.SERVICE, purpose: $ENV.PURPOSE, repo: $ENV.GITHUB_REPOSITORY, run_id: $ENV.GITHUB_RUN_ID}
      + ($ENV.ZONES | names | if . == [] then {} else {zones: .} end))}')"
  request ChittyConnect "$endpoint/api/credentials/provision" "$API_KEY" "$body" || return 1
  issued '.credential | {
    ({cloudflare: "CLOUDFLARE_API_TOKEN", npm: "NPM_TOKEN", github: "GITHUB_TOKEN"}
      [$ENV.TYPE | split("_")[0]] // "other"): .value,
    CLOUDFLARE_ACCOUNT_ID: .account_id}'
}

# issued PROGRAM: what a jq program finds in the answer, masked.
issued() {
  local found
  problem='ChittyConnect answers with something that is not the JSON of an answer'
  found="$(printf '%s' "$answer" | query -cs ".[] | if .success == true then $1 | objects else empty end" 2>/dev/null)" || found=''
  if [ -z "$found" ]; then
    if [ -n "$(error_code)" ]; then problem="ChittyConnect refuses (error code$(error_code))"; fi
    return 1
  fi
  answer="$found"
  printf '%s' "$answer" | query -r "$DEFINITIONS"'.. | strings | masks'
}

mask "$API_KEY"

# shellcheck disable=SC2153 # the input, in capitals like all of them
endpoint="${ENDPOINT%/}"
case "$endpoint" in
  *[!A-Za-z0-9.:/_-]*) fail 'The input endpoint is no plain address.' ;;
  https://?*) ;;
  http://127.0.0.1 | http://127.0.0.1[:/]* | http://localhost | http://localhost[:/]*) ;; # leaves no machine
  *) fail 'The input endpoint has to begin with https://: credentials do not travel in the clear.' ;;
esac

CREDENTIALS="$(printf '%s' "$CREDENTIALS" | query -Rrs "$DEFINITIONS"'names | unique | join(",")')"
[ -n "$CREDENTIALS" ] || fail 'The input credentials names none.'
unknown="$(query -rn "$DEFINITIONS"'$ENV.CREDENTIALS | names | map(select(in(outputs) | not)) | length')"
[ "$unknown" = 0 ] || fail "$(query -rn "$DEFINITIONS"'
  "The input credentials has a name without an output; those that have one are \(outputs | keys | join(", "))."')"
SERVICE="${SERVICE:-${GITHUB_REPOSITORY##*/}}"

if [ -n "$API_KEY" ] && ! is_header_word "$API_KEY"; then
  fail 'The input api_key has a blank or a line break in it: store the key again without.'
fi

headers="$(mktemp "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/getchitty-creds.XXXXXX")"
trap 'rm -f -- "$headers"' EXIT

by=''
problem='the job has no identity token'
status=000
if [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] && [ -n "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-}" ]; then
  mask "$ACTIONS_ID_TOKEN_REQUEST_TOKEN"
  token=''
  if by_identity_token; then
    by='the identity token'
  # Where the token is there and ChittyConnect is down, or knows nothing of what is asked for, the key does not help.
  elif [ -n "$token" ] && [ "$status" != 401 ] && [ "$status" != 403 ]; then
    fail "No credentials: $problem."
  fi
elif [ -z "$API_KEY" ]; then
  fail 'No credentials: the job has neither an identity token (permissions: id-token: write) nor the input api_key. Pull requests from forks and from Dependabot get neither.'
fi
if [ -z "$by" ]; then
  [ -n "$API_KEY" ] || fail "No credentials: $problem, and there is no api_key to ask with instead."
  printf 'Asking with the API key: %s\n' "$problem"
  by_api_key || fail "No credentials: $problem."
  by='the API key'
fi

# All or nothing: half a set would fail later, and further from its cause.
missing="$(printf '%s' "$answer" | query -r "$DEFINITIONS"'
  def usable: test("\\S") and (explode | any(. == 0) | not);
  . as $issued | $ENV.CREDENTIALS | names
  | map(select(($issued[.] | strings | usable) // false | not)) | join(", ")')"
if [ -n "$missing" ]; then
  hint=''
  if [ "$by" = 'the API key' ]; then
    hint=" An API key stands for one credential, here of type $(query -rn '$ENV.TYPE | gsub("[^A-Za-z0-9_-]"; "?")'); the identity token (permissions: id-token: write) stands for all."
  fi
  fail "No credentials: ChittyConnect's answer to $by lacks $missing.$hint"
fi

delimiter="getchitty_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
printf '%s' "$answer" | DELIMITER="$delimiter" query -r "$DEFINITIONS"'
  . as $issued | $ENV.CREDENTIALS | names[]
  | "\(outputs[.])<<\($ENV.DELIMITER)\n\($issued[.])\n\($ENV.DELIMITER)"' >>"$GITHUB_OUTPUT"
printf 'ChittyConnect issued %s for %s.\n' "${CREDENTIALS//,/, }" "$by"
