# root.bash - minimal Debian roots, for tests that need a machine without anything
#
# To be sourced by a script that has set $top, the checkout, and that uses bootstrap, furnish and
# enter in a mount and a PID namespace of its own.
#
# MQ_FRESH_CACHE	a directory that keeps the roots and packages, for the next time

cannot() {
	echo "${0##*/}: $*: skipped" >&2
	exit 77
}

# able RELEASE...: ends with 77 where roots of these releases can't be made; readies the cache.
able() {
	local command release uri
	[ "$(id -u)" = 0 ] || cannot "needs root, for debootstrap and mounts"
	for command in debootstrap git wget pivot_root unshare apt-get; do
		command -v "$command" >/dev/null || cannot "$command is not installed"
	done
	unshare --mount --pid --ipc --fork --mount-proc true 2>/dev/null || cannot "namespaces can't be made here"
	git -c safe.directory='*' -C "$top" rev-parse -q --verify HEAD >/dev/null || cannot "$top is no git checkout"
	eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
	export http_proxy https_proxy
	for release; do
		uri=$(mirror "$release")
		[ -n "$uri" ] || cannot "apt knows no mirror of Debian"
		wget -q -T 30 -t 2 -O /dev/null "${uri%/}/dists/$release/Release" || cannot "$uri can't be reached for $release"
	done
	[ -z "${MQ_FRESH_CACHE-}" ] || { mkdir -p "$MQ_FRESH_CACHE"; MQ_FRESH_CACHE=$(cd "$MQ_FRESH_CACHE" && pwd); }
}

# sources RELEASE: apt's lines of this machine's own release, for another one.
sources() {
	local own
	# shellcheck disable=SC1091 # the system's
	own=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	    awk -v own="$own" -v release="$1" '
		$2 == own || $2 == own "-updates" || $2 == own "-security" {
			sub("^" own, release, $2)
			print "deb", $1, $2, $3
		}'
}

# settings: how this machine's apt fetches, the environment's proxy included.
settings() {
	apt-config dump | grep -iE '^Acquire::(http|https|Check-|Retries|ForceIPv)[^ ]* "[^"]' || :
	[ -z "${http_proxy-}" ] || echo "Acquire::http::Proxy \"$http_proxy\";"
	[ -z "${https_proxy-}" ] || echo "Acquire::https::Proxy \"$https_proxy\";"
}

# mirror RELEASE: where its packages come from.
mirror() {
	sources "$1" | awk -v release="$1" '$3 == release && $4 == "main" { print $2; exit }'
}

# bootstrap RELEASE ROOT: makes a minimal root, or unpacks the one that was kept.
bootstrap() {
	local release=$1 root=$2 kept=${MQ_FRESH_CACHE:+$MQ_FRESH_CACHE/$1.tar} include=make
	if [ -n "$kept" ] && [ -e "$kept" ]; then
		mkdir "$root"
		tar -C "$root" -xpf "$kept" --numeric-owner
		return
	fi
	[[ $(mirror "$release") != https:* ]] || include=make,ca-certificates
	debootstrap --variant=minbase --include="$include" "$release" "$root" \
	    "$(mirror "$release")"
	# No package is worth a wait for the disk here.
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fresh"
	rm -f "$root"/var/cache/apt/archives/*.deb
	[ -z "$kept" ] || {
		tar -C "$root" -cf "$kept.$$" --numeric-owner . && mv "$kept.$$" "$kept"
	}
}

# furnish RELEASE ROOT: the network's settings and the sources.
furnish() {
	local release=$1 root=$2
	sources "$release" >"$root/etc/apt/sources.list"
	settings >"$root/etc/apt/apt.conf.d/fresh"
	cat /etc/resolv.conf >"$root/etc/resolv.conf"
	cat /etc/hosts >"$root/etc/hosts"
	mkdir "$root/root/mq"
	git -c safe.directory='*' -C "$top" archive HEAD | tar -C "$root/root/mq" -xf -
	chmod 700 "$root/root"
}

# enter ROOT: makes it this namespace's /, with the kernel's filesystems.
enter() {
	local root=$1 device
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount -t tmpfs -o mode=755 tmpfs "$root/dev"
	for device in null zero full random urandom tty; do
		: >"$root/dev/$device"
		mount --bind "/dev/$device" "$root/dev/$device"
	done
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s /proc/self/fd/0 "$root/dev/stdin"
	ln -s /proc/self/fd/1 "$root/dev/stdout"
	ln -s /proc/self/fd/2 "$root/dev/stderr"
	if [ -n "${MQ_FRESH_CACHE-}" ]; then
		mkdir -p "$MQ_FRESH_CACHE/$release.packages"
		mount --bind "$MQ_FRESH_CACHE/$release.packages" "$root/var/cache/apt/archives"
	fi
	cd "$root" || exit
	mkdir host
	pivot_root . host
	cd /
	umount -l host
	rmdir host
}
