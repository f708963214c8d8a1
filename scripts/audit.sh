#!/usr/bin/env bash
# Search the source for insecure code (bandit), and the locked dependencies for known
# vulnerabilities (pip-audit). The tools are in an environment of their own. If the
# database of vulnerabilities cannot be reached, that is reported and is no failure.
set -uo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d) status=0
trap 'rm -rf "$tools"' EXIT
if command -v uv > /dev/null; then
    uv venv -q "$tools" && uv pip install -q --python "$tools/bin/python" bandit pip-audit
else
    python -m venv "$tools" && "$tools/bin/python" -m pip install -q bandit pip-audit
fi || exit 1

"$tools/bin/bandit" -q -r src -c pyproject.toml || status=1

output=$(timeout 300 "$tools/bin/pip-audit" --disable-pip --no-deps --progress-spinner off \
    --timeout 15 -r constraints.txt 2>&1)
audited=$?
echo "$output"
if grep -q "could not be audited" <<< "$output"; then
    echo "pip-audit: the dependencies above are unknown to its database; not checked."
fi
if [ "$audited" != 0 ]; then
    if grep -qE "^Name +Version +ID" <<< "$output"; then
        status=1
    else
        echo "pip-audit: the database of vulnerabilities could not be used; not checked."
    fi
fi
exit "$status"
