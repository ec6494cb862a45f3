# pip.sh DIR INDEX PACKAGE…
# Installs packages into DIR; with $system set DIR is a root file system
# directory, and they are put where this system's Python looks for its own.
set -eu
dir=$1 index=$2
shift 2
if [ -n "$index" ]; then
	export PIP_INDEX_URL=$index
	case $index in http://*)
		host=${index#http://}
		export PIP_TRUSTED_HOST=${host%%/*}
		;;
	esac
fi
export PIP_ROOT_USER_ACTION=ignore
pip() {
	python3 -m pip install --no-input --disable-pip-version-check --no-cache-dir --no-warn-script-location --progress-bar off "$@"
}
if [ -z "${system:-}" ]; then
	pip --target "$dir" -- "$@"
	exit
fi
stage=$(mktemp -d)
pip --root "$stage" --ignore-installed -- "$@"
cp -a "$stage/." "$dir/"
rm -rf "$stage"
