# pip.sh PREFIX INDEX PACKAGE…
set -eu
prefix=$1 index=$2
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
exec python3 -m pip install --no-input --disable-pip-version-check --no-cache-dir --no-warn-script-location \
	--progress-bar off --target "$prefix" -- "$@"
