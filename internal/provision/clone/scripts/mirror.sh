# mirror.sh CLONE MIRROR STATE
# Brings a bare repository up to what a fresh clone knows of its origin. STATE
# is "new" if the repository is to be made, "alone" if nobody else uses it.
set -eu
clone=$1 mirror=$2 state=$3
git() { command git -c gc.auto=0 -c maintenance.auto=false -c core.hooksPath=/dev/null "$@"; }
if [ "$state" = new ]; then
	git init --quiet --bare "$mirror"
	cp -a -- "$clone/.git/objects/." "$mirror/objects/"
fi
cd -- "$mirror"
git fetch --quiet --prune --force --no-write-fetch-head "$clone" \
	'+refs/remotes/origin/*:refs/heads/*' '^refs/remotes/origin/HEAD' '+refs/tags/*:refs/tags/*'
packs=(objects/pack/*.pack)
if [ "$state" = alone ] && [ ${#packs[@]} -gt 20 ]; then
	git repack -a -d --quiet
	git prune --expire=now
	rm -f objects/pack/tmp_*
fi
