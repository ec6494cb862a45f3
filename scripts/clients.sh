#!/bin/sh
# Installs the official clients that the conformance tests run, in the versions
# of the lock files, below .cache/clients. What a machine has no toolchain for
# is reported and left out; as root on Debian the toolchain is installed.
set -u
export PIP_ROOT_USER_ACTION=ignore
cd "$(dirname "$0")/.."
clients=.cache/clients
locks=conformance

note() { echo "clients: $*"; }

# apt_get installs Debian packages if that is possible here.
apt_get() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	note "installing $* with apt-get"
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null
}

# fresh DIR LOCK… says that DIR was installed from these very files.
fresh() {
	dir=$1
	shift
	[ -f "$dir/installed" ] && [ "$(cat "$@" | cksum)" = "$(cat "$dir/installed")" ]
}

# pip prints a command that runs pip. One in an environment of its own sees
# nothing of the system's packages; where that cannot be made, the system's pip
# installs into a directory just as well.
pip() {
	if "$clients/pip/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv "$clients/pip" >/dev/null 2>&1; then
		echo "$clients/pip/bin/python -m pip"
	elif python3 -m pip --version >/dev/null 2>&1; then
		echo "python3 -m pip"
	elif apt_get python3-venv >&2 && python3 -m venv "$clients/pip" >/dev/null 2>&1; then
		echo "$clients/pip/bin/python -m pip"
	else
		return 1
	fi
}

python_clients() {
	command -v python3 >/dev/null || apt_get python3 python3-venv || { note "no python3"; return; }
	for lock in "$locks"/python/requirements-*.txt; do
		version=${lock##*/requirements-}
		version=${version%.txt}
		dir=$clients/python-$version
		fresh "$dir" "$lock" && continue
		run=$(pip) || { note "python3 has neither pip nor venv"; return; }
		rm -rf "$dir" && mkdir -p "$dir"
		if $run install --quiet --disable-pip-version-check --no-input --target "$dir/site" --requirement "$lock"; then
			cksum <"$lock" >"$dir/installed"
			note "python anthropic $version"
		else
			note "python anthropic $version could not be installed"
		fi
	done
}

typescript_clients() {
	{ command -v node && command -v npm; } >/dev/null || apt_get nodejs npm || { note "no node or npm"; return; }
	for lock in "$locks"/typescript/v*/package-lock.json; do
		from=${lock%/package-lock.json}
		version=${from##*/v}
		dir=$clients/typescript-$version
		fresh "$dir" "$lock" && continue
		rm -rf "$dir" && mkdir -p "$dir" && cp "$from/package.json" "$lock" "$dir"
		if (cd "$dir" && npm ci --silent --ignore-scripts --no-audit --no-fund); then
			cksum <"$lock" >"$dir/installed"
			note "typescript @anthropic-ai/sdk $version"
		else
			note "typescript @anthropic-ai/sdk $version could not be installed"
		fi
	done
}

mkdir -p "$clients"
python_clients
typescript_clients
