#!/bin/sh
# What the tests need and pip cannot bring: sipp, baresip and PostgreSQL, from the distribution's packages.
# Installs what is missing if it may; else says what to install, and the tests that need it skip with that reason.
set -u

missing=""
command -v sipp >/dev/null 2>&1 || missing="$missing sip-tester"
command -v baresip >/dev/null 2>&1 || missing="$missing baresip-core"
if ! command -v initdb >/dev/null 2>&1 && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    missing="$missing postgresql"
fi
[ -z "$missing" ] && exit 0

cannot() {
    echo "setup-system: $1" >&2
    echo "setup-system: the tests with real phones and databases need:$missing (names as in Debian)" >&2
    echo "setup-system: without them those tests are skipped, and with CI=true a skipped test is a failure" >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 || cannot "this system has no apt-get"
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    cannot "not root, and sudo asks for a password"
fi

echo "setup-system: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # several words on purpose
$as_root apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 ||
    { $as_root apt-get update -q >/dev/null && $as_root apt-get install -y -q --no-install-recommends $missing; } ||
    cannot "apt-get could not install them"
