# npm.sh PREFIX REGISTRY PACKAGE…
set -eu
prefix=$1
if [ -n "$2" ]; then export npm_config_registry=$2; fi
shift 2
# node has authorities of its own; the system may know more.
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt; fi
exec npm install --global --prefix "$prefix" --cache /tmp/npm --no-audit --no-fund --no-update-notifier --no-progress \
	--loglevel=error -- "$@"
