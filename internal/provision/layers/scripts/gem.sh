# gem.sh PREFIX SOURCE PACKAGE…
# gem gives what follows a -- to the builders of extensions, so there is none.
set -eu
prefix=$1
source=()
if [ -n "$2" ]; then source=(--clear-sources --source "$2"); fi
shift 2
exec gem install --no-document --install-dir "$prefix" --bindir "$prefix/bin" "${source[@]}" "$@"
