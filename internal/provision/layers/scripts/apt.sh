# apt.sh SYSTEM SOURCES PACKAGE…
# Installs packages and copies what that changed in the system to SYSTEM. Where
# the system can't be written, the packages are unpacked there without being
# configured.
set -eu
out=$1
shift 2
options=(-y -q --no-remove --no-install-recommends -o APT::Sandbox::User=root -o Acquire::Retries=3
	-o DPkg::Options::=--force-unsafe-io -o DPkg::Options::=--force-confdef -o DPkg::Options::=--force-confold -o DPkg::Options::=--force-confmiss
	-o 'DPkg::Options::=--path-exclude=/usr/share/man/*' -o 'DPkg::Options::=--path-exclude=/usr/share/doc/*')

# Owners are kept if this user may give files away.
owner=--no-same-owner
: >"$out/owner"
if chown 1:1 "$out/owner" 2>/dev/null; then owner=--same-owner; fi
rm -f "$out/owner"

if (: >/usr/sbin/policy-rc.d) 2>/dev/null; then
	# Nothing here runs services.
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	mkdir -p /var/lib/apt/lists/partial /var/cache/apt/archives/partial /var/log/apt
	# One source that can't be read need not matter: install tells.
	apt-get "${options[@]}" update || true
	mark=$(mktemp)
	apt-get "${options[@]}" install -- "$@"
	# What has changed since. Whoever puts a file below /usr changes its
	# directory, which saves a look at every file there is. What can't be read
	# here is the host's own and has not changed.
	new=(-cnewer "$mark" '(' -type f -o -type l -o -type d -empty ')' -print0)
	usr=(/usr) rest=()
	for dir in /bin /sbin /lib /lib32 /lib64 /libx32; do
		if [ -d "$dir" ] && [ ! -L "$dir" ]; then usr+=("$dir"); fi
	done
	for dir in /etc /var /opt; do
		if [ -d "$dir" ]; then rest+=("$dir"); fi
	done
	{
		find "${usr[@]}" -xdev -type d -cnewer "$mark" -print0 |
			xargs -0 -r -I '{}' find '{}' -maxdepth 1 "${new[@]}"
		find "${rest[@]}" -xdev '(' -path /var/lib/apt -o -path /var/cache/apt -o -path /var/log -o -path /var/tmp -o -path /etc/apt ')' -prune \
			-o "${new[@]}"
	} 2>/dev/null |
		tar --null --no-recursion --files-from=- --create 2>/dev/null |
		tar --extract --directory="$out" "$owner" --no-overwrite-dir
	packed=${PIPESTATUS[1]}
	if [ "$packed" -gt 1 ]; then # 1 is a file that changed meanwhile
		echo "tar ended with $packed"
		exit 1
	fi
	exit 0
fi

state=/tmp/apt
mkdir -p $state/lists/partial $state/archives/partial $state/log
options+=(-o Dir::State=$state -o Dir::State::lists=$state/lists -o Dir::Cache=$state -o Dir::Cache::archives=$state/archives
	-o Dir::State::status=/var/lib/dpkg/status -o Dir::Log=$state/log -o Debug::NoLocking=1)
apt-get "${options[@]}" update || true
apt-get "${options[@]}" --download-only install -- "$@"
for deb in $state/archives/*.deb; do
	[ -e "$deb" ] || continue
	dpkg-deb --fsys-tarfile "$deb" | tar --extract --directory="$out" "$owner"
done
# A directory that is a link into /usr in the system must be one here.
for dir in bin sbin lib lib32 lib64 libx32; do
	if [ -L "/$dir" ] && [ -d "$out/$dir" ] && [ ! -L "$out/$dir" ]; then
		mkdir -p "$out/usr/$dir"
		cp -a "$out/$dir/." "$out/usr/$dir/"
		rm -rf "${out:?}/$dir"
	fi
done
