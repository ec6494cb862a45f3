# cargo.sh PREFIX INDEX PACKAGE…
set -eu
prefix=$1 index=$2
shift 2
export CARGO_HOME=/tmp/cargo CARGO_TARGET_DIR=/tmp/cargo-target
mkdir -p $CARGO_HOME
if [ -n "$index" ]; then
	printf '[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = "%s"\n' "$index" >$CARGO_HOME/config.toml
fi
exec cargo install --quiet --root "$prefix" -- "$@"
