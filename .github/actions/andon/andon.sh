#!/usr/bin/env bash
# The steps of the action: install, ask, comment. What they are told stands in variables ANDON_ACTION_…, and never in a
# command line that a shell would read. The verdict is andon's exit code.
set -euo pipefail

say() { echo "::$1 title=andon::$2"; }
refuse() {
	say error "$1"
	exit 2
}

# architecture names this machine as the archives of a release do.
architecture() {
	local os machine
	case $(uname -s) in
		Linux) os=linux ;;
		Darwin) os=darwin ;;
		MINGW* | MSYS* | CYGWIN*) os=windows ;;
		*) refuse "no release is made for $(uname -s); leave version out, and have Go build it" ;;
	esac
	case $(uname -m) in
		x86_64 | amd64) machine=amd64 ;;
		arm64 | aarch64) machine=arm64 ;;
		*) refuse "no release is made for $(uname -m); leave version out, and have Go build it" ;;
	esac
	echo "${os}_$machine"
}

sum() {
	if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

# download URL FILE tries again what failed on the way.
download() {
	curl --silent --show-error --fail --location --proto '=https,http' --retry 3 --max-time 300 --output "$2" "$1" ||
		refuse "$1 cannot be downloaded; is the version right?"
}

# install puts andon first among the programs of the steps that follow.
install() {
	local bin=${RUNNER_TEMP:-/tmp}/andon-bin
	mkdir -p "$bin"
	if [ -n "$ANDON_ACTION_VERSION" ]; then
		release "$bin" "${ANDON_ACTION_VERSION#v}"
	else
		command -v go >/dev/null || refuse "Go is missing, to build andon from the checkout of the action: add a step with actions/setup-go, or name a version to download"
		local root
		root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
		(cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags=-s -o "$bin/" ./cmd/andon)
	fi
	echo "$bin" >>"$GITHUB_PATH"
	"$bin/andon" --version
}

# release BIN VERSION unpacks the archive of a release whose checksum is the right one.
release() {
	local bin=$1 version=$2 kind=tar.gz machine name from want found work
	[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$ ]] || refuse "version: expected one such as 1.2.3, found \"$version\""
	machine=$(architecture)
	case $machine in windows*) kind=zip ;; esac
	name=andon_${version}_$machine.$kind
	from=${ANDON_ACTION_DOWNLOAD%/}/v$version
	work=$(mktemp -d)
	download "$from/$name" "$work/$name"
	want=$ANDON_ACTION_SHA256
	if [ -z "$want" ]; then
		download "$from/checksums.txt" "$work/checksums.txt"
		want=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$work/checksums.txt")
	fi
	found=$(sum "$work/$name")
	[ "$(echo "$want" | tr A-F a-f)" = "$found" ] || refuse "$name: expected the SHA-256 ${want:-that its release names, which names none}, found $found; nothing of it was run"
	case $kind in
		zip) unzip -q "$work/$name" -d "$work" ;;
		*) tar -xzf "$work/$name" -C "$work" ;;
	esac
	# The folder of an archive is named as the archive is.
	cp "$work/${name%."$kind"}/andon"* "$bin/"
	rm -rf "$work"
}

# ask has andon answer, and passes on what it found.
ask() {
	local line=() arg code=0
	case $ANDON_ACTION_COMMAND in
		run | gate | capacity) line=("$ANDON_ACTION_COMMAND" ${ANDON_ACTION_SUBJECT:+"$ANDON_ACTION_SUBJECT"}) ;;
		verify)
			line=(verify)
			[ -z "$ANDON_ACTION_SUBJECT" ] || refuse "subject: verify has none; leave it out"
			;;
		*) refuse "command: expected run, verify, gate, capacity or install, found \"$ANDON_ACTION_COMMAND\"" ;;
	esac
	[ "$ANDON_ACTION_COMMAND" = capacity ] || [ -z "$ANDON_ACTION_NEED$ANDON_ACTION_HEADROOM" ] || refuse "need and headroom are asked by capacity; name them in the file of a gate, or leave them out"
	[ -z "$ANDON_ACTION_NEED" ] || line+=("--need=$ANDON_ACTION_NEED")
	[ -z "$ANDON_ACTION_HEADROOM" ] || line+=("--headroom=$ANDON_ACTION_HEADROOM")
	[ -z "$ANDON_ACTION_TARGET" ] || line+=("--target=$ANDON_ACTION_TARGET")
	while IFS= read -r arg; do
		[ -z "$arg" ] || line+=("$arg")
	done <<<"$ANDON_ACTION_ARGS"
	line+=("--out=$ANDON_ACTION_OUT")
	[ ! -e "$ANDON_ACTION_OUT" ] || refuse "out: $ANDON_ACTION_OUT is there already; name another directory"
	# Where it is empty, the token that the job's environment may have stays.
	[ -z "$ANDON_ACTION_TOKEN" ] || export ANDON_TOKEN=$ANDON_ACTION_TOKEN
	unset ANDON_ACTION_TOKEN
	andon "${line[@]}" || code=$?
	# What a verification finds is annotated by itself, and the summary of the step is written.
	if [ "$ANDON_ACTION_COMMAND" != verify ] && [ -d "$ANDON_ACTION_OUT" ]; then
		GITHUB_STEP_SUMMARY='' andon report "$ANDON_ACTION_OUT" --format github || true
	fi
	outputs "$code" >>"$GITHUB_OUTPUT"
	exit "$code"
}

outputs() {
	local verdict=none page=
	case $1 in 0) verdict=pass ;; 1) verdict=fail ;; 2) verdict=refused ;; esac
	echo "verdict=$verdict"
	echo "exit-code=$1"
	[ -d "$ANDON_ACTION_OUT" ] || return 0
	echo "directory=$ANDON_ACTION_OUT"
	for page in report.html gate.html; do
		[ ! -f "$ANDON_ACTION_OUT/$page" ] || echo "report=$ANDON_ACTION_OUT/$page"
	done
	local summary=$ANDON_ACTION_OUT/summary.json
	[ "$ANDON_ACTION_COMMAND" != gate ] || summary=$ANDON_ACTION_OUT/load/summary.json
	if [ -f "$summary" ] && command -v jq >/dev/null; then
		echo "p99=$(jq -r '.total.latency.p99 | if . == null then "" else . * 1000 | . * 1000 | round / 1000 end' "$summary")"
	fi
}

# api METHOD URL [CURL-ARGUMENT…] speaks to the API; the token is on no command line, which others can read.
api() {
	local method=$1 url=$2
	shift 2
	curl --silent --show-error --fail --max-time 30 --retry 2 --request "$method" --config - "$@" "$url" <<-CONFIG
		header = "Authorization: Bearer $ANDON_ACTION_GITHUB_TOKEN"
		header = "Accept: application/vnd.github+json"
	CONFIG
}

# comment puts the report on the pull request, in the place of the one that the same question had before. Where that
# cannot be, the verdict stands and a warning says so.
comment() {
	local number text mark body comments id=
	number=$(jq -r '.pull_request.number // empty' "$GITHUB_EVENT_PATH")
	if [ -z "$number" ]; then
		say notice "this is no pull request, so that there is nothing to comment on"
		return
	fi
	for text in gate.md report.md; do
		[ ! -f "$ANDON_ACTION_OUT/$text" ] || break
	done
	# The API takes 65,536 characters.
	mark="<!-- andon: $(tr -cd '[:alnum:]._/-' <<<"$GITHUB_WORKFLOW/$GITHUB_JOB/$ANDON_ACTION_COMMAND/$ANDON_ACTION_SUBJECT") -->"
	body=$(jq -n --arg mark "$mark" --rawfile text "$ANDON_ACTION_OUT/$text" \
		'{body: ($mark + "\n" + if ($text | length) > 60000 then $text[:60000] + "\n\n… the rest is in the report" else $text end)}')
	comments=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues
	id=$(api GET "$comments/$number/comments?per_page=100" | jq -r --arg mark "$mark" '[.[] | select(.body | startswith($mark))][0].id // empty') || true
	if [ -n "$id" ]; then
		api PATCH "$comments/comments/$id" --data-binary "@"<(printf %s "$body") >/dev/null
	else
		api POST "$comments/$number/comments" --data-binary "@"<(printf %s "$body") >/dev/null
	fi || say warning "the report cannot be put on the pull request: the job needs the permission pull-requests: write, which those of forks do not have"
}

case ${1-} in
	install | ask | comment) "$1" ;;
	*) refuse "expected install, ask or comment, found \"${1-}\"" ;;
esac
