# clone.sh URL DIR MIRROR BRANCH COMMIT
# Clones a repository to DIR, where BRANCH (or a tag), COMMIT or the default
# branch is checked out. MIRROR, if not empty, is a bare repository whose
# objects need not be fetched; what DIR needs of them is copied. Ends with 10 if
# the clone fails and with 11 if the checkout does.
set -u
url=$1 dir=$2 mirror=$3 branch=$4 commit=$5
git() {
	command git -c gc.auto=0 -c maintenance.auto=false -c core.hooksPath=/dev/null -c credential.helper= -c advice.detachedHead=false \
		-c protocol.allow=never -c protocol.http.allow=always -c protocol.https.allow=always "$@"
}
rm -rf -- "$dir"
options=(--quiet --no-checkout)
if [ -n "$branch" ]; then options+=(--branch "$branch"); fi
if [ -n "$mirror" ]; then options+=(--reference-if-able "$mirror" --dissociate); fi
git clone "${options[@]}" -- "$url" "$dir" || exit 10
cd -- "$dir" || exit 10
if [ -n "$commit" ]; then
	if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
		# Not on any branch; many hosts give it out all the same.
		git fetch --quiet origin "$commit" || exit 11
	fi
	git checkout --quiet --detach "$commit^{commit}" || exit 11
elif git rev-parse --quiet --verify HEAD >/dev/null; then
	git reset --quiet --hard || exit 11
fi
