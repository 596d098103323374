# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every program of the boot harness shares: where things are cached, how
# the name of a kernel becomes an image and its modules, and how the module is
# built for it. Sourced, never run.

set -euo pipefail

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TOP=$(cd "$VM_DIR/../.." && pwd -P)

# Everything fetched or built for a kernel lives outside the tree, so that a
# clean clone starts warm and the tree stays clean.
CACHE=${ANYGATE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/anygate}
ARCH=amd64

# Debian's own tools are meant, not what a caller's PATH may put before them;
# sbin because modprobe and depmod live there and a user's PATH may lack it.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH

# What "make check" means without KERNELS=, and "make deps" gets ready for.
# shellcheck disable=SC2034 # for those who source this
DEFAULT_KERNELS="6.1 6.12"

# "make check TESTS=… V=1" is meant for us, not for every make we call.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 125; }

# The archive as this machine's apt knows it, whatever release that is for.
archive() {
	# shellcheck disable=SC2016 # apt's own
	apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)' 'Created-By: Packages' |
		awk -F'|' '$2 == "Debian" && $3 == "Debian" { print $1; exit }'
}

# locked NAME COMMAND…: two runs may want the same kernel at the same time.
locked() {
	local name=$1
	shift
	mkdir -p "$CACHE/lock"
	(
		flock 9
		"$@" 9>&-
	) 9>"$CACHE/lock/$name"
}

# ---- kernels ---------------------------------------------------------------
#
# A kernel is named by series and flavour, "6.1", "6.12", "6.12-rt", or by a
# directory that holds vmlinuz (or boot/vmlinuz-*) and lib/modules/VERSION.
# "6.12-debug", "newest-debug" and "6.12-kmsan" are built from source, see debug-kernel.
# The exact version is whatever headers are installed, because a module built
# against them has to load; without headers, the newest the package client has.

# Is that a kernel that is built here?
kernel_own() {
	[[ ! -d $1 && $1 =~ -(debug|kmsan)$ ]]
}

# meta image|headers NAME: the package that always names the newest version.
# The default kernel of the release has no series in that name.
kernel_meta() {
	local kind=$1 series=${2%%-*} flavour=${2#"${2%%-*}"}
	local plain=linux-$kind${flavour}-$ARCH
	local newest

	newest=$(apt-cache depends "$plain" 2>/dev/null |
		 sed -n "s/.*Depends: linux-$kind-\([0-9].*\)/\1/p" | head -n 1)
	case $newest in
	"$series".*)	echo "$plain" ;;
	*)		echo "linux-$kind-$series$flavour-$ARCH" ;;
	esac
}

# The version of NAME for which headers are installed, newest first.
kernel_installed_headers() {
	local series=${1%%-*} flavour=${1#"${1%%-*}"} d v

	for d in /usr/src/linux-headers-"$series".*"$flavour-$ARCH"; do
		[ -e "$d/Makefile" ] || continue
		v=${d#/usr/src/linux-headers-}
		# 6.12 is not 6.12-rt or 6.12-cloud: nothing may stand between
		# the version and the flavour that was asked for.
		[[ ${v%"$flavour-$ARCH"} == *-[a-z]* ]] && continue
		echo "$v"
	done | sort -V | tail -n 1
}

kernel_newest_packaged() {
	apt-cache depends "$(kernel_meta image "$1")" 2>/dev/null |
		sed -n "s/.*Depends: linux-image-\([0-9].*-$ARCH\)$/\1/p" | head -n 1
}

kernel_version() {
	local v

	v=$(kernel_installed_headers "$1")
	[ -n "$v" ] || v=$(kernel_newest_packaged "$1")
	[ -n "$v" ] || die "no kernel $1: neither headers installed nor a package known (make deps)"
	echo "$v"
}

# The package of the oldest headers of a series that the archive has, if any: what
# came to it with a later stable version is not to be taken for granted.
kernel_oldest_package() {
	apt-cache pkgnames "linux-headers-$1." |
		grep -E "^linux-headers-$1\.[0-9a-z.+]*(-[0-9]+)?-$ARCH\$" |
		sort -V | head -n 1
}

# kernel_oldest_headers SERIES: unpacked, and nothing is installed; print where
kernel_oldest_headers() {
	local pkg dir

	pkg=$(kernel_oldest_package "$1")
	[ -n "$pkg" ] || die "the package client has no headers for $1"
	dir=$CACHE/headers/${pkg#linux-headers-}
	locked headers headers_unpack "$pkg" "$dir" || die "no $pkg"
	echo "$dir/usr/src/$pkg"
}

headers_unpack() {
	local pkg=$1 dir=$2 tmp deb needed

	[ ! -e "$dir" ] || return 0
	mkdir -p "$CACHE/headers"
	tmp=$(mktemp -d "$CACHE/headers/.new.XXXXXX")
	mapfile -t needed < <(apt-cache depends "$pkg" |
		sed -nE 's/^ *Depends: (linux-(headers|kbuild)-.*)/\1/p')
	(cd "$tmp" && retry apt-get -q=2 -o APT::Sandbox::User=root \
		download "$pkg" "${needed[@]}" >&2) || { rm -rf "$tmp"; return 1; }
	for deb in "$tmp"/*.deb; do
		dpkg-deb -x "$deb" "$tmp"
		rm "$deb"
	done
	sed -i "s|/usr/src/|$dir/usr/src/|" "$tmp/usr/src/$pkg/Makefile"
	mv "$tmp" "$dir"
}

# Directories no test ever loads a module from; they are most of the package.
kernel_unpack() {
	local deb=$1 to=$2 d exclude=()

	for d in sound drivers/{gpu,media,iio,staging,scsi,usb,hid,infiniband} \
		 drivers/net/{wireless,ethernet} drivers/{mtd,isdn,message,comedi}; do
		exclude+=(--exclude="*/kernel/$d/*")
	done
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -C "$to" --no-same-owner "${exclude[@]}" --wildcards \
		    './boot/vmlinuz-*' './boot/System.map-*' '*lib/modules/*'
}

kernel_fetch() {
	local kver=$1 root=$CACHE/kernels/$1 tmp pkg

	[ -e "$root/complete" ] && return
	tmp=$(mktemp -d "$CACHE/kernels/.new.XXXXXX")
	chmod 755 "$tmp"
	# Signed or not makes no difference here; take what the archive has.
	for pkg in "linux-image-$kver" "linux-image-$kver-unsigned"; do
		say "fetching $pkg"
		(cd "$tmp" && retry apt-get -q=2 -o APT::Sandbox::User=root \
			download "$pkg" >&2) && break
	done
	set -- "$tmp"/*.deb
	if [ ! -e "$1" ]; then
		rm -rf "$tmp"
		die "the package client has no linux-image-$kver (make deps brings newer headers)"
	fi
	kernel_unpack "$1" "$tmp"
	rm -f "$tmp"/*.deb
	# Some packages ship the modules under usr/lib.
	[ -d "$tmp/lib/modules" ] || { mkdir -p "$tmp/lib" && mv "$tmp/usr/lib/modules" "$tmp/lib/"; }
	depmod -b "$tmp" "$kver" 2>/dev/null
	touch "$tmp/complete"
	rm -rf "$root"
	mv "$tmp" "$root"
}

retry() {
	"$@" && return
	say "failed, once more: $*"
	"$@" && return
	apt-get -q=2 update >&2 || true
	"$@"
}

# Decompressing itself takes an emulated processor longer (2.5 s for xz) than
# the rest of a boot's first half; QEMU starts the ELF inside just as well.
# Prints the path to boot, the image itself where it isn't packed as expected.
kernel_unpacked() {
	local image=$1 out=$CACHE/kernels/vmlinux-$KVER off len

	field() { od -An -t"u$2" -j"$1" -N"$2" "$image" | tr -d ' '; }
	if [ "$out" -nt "$image" ]; then
		echo "$out"
		return
	fi
	# setup_sects, payload_offset, payload_length of the x86 boot protocol;
	# the last four bytes are the size of what comes out.
	off=$((($(field $((0x1f1)) 1) + 1) * 512 + $(field $((0x248)) 4)))
	len=$(($(field $((0x24c)) 4) - 4))
	payload() {
		dd if="$image" bs=1M iflag=skip_bytes,count_bytes skip=$off count=$len status=none
	}
	if { payload | xz -qdc || payload | zstd -qdc; } >"$out.new" 2>/dev/null; then
		mv "$out.new" "$out"
		echo "$out"
	else
		rm -f "$out.new"
		echo "$image"
	fi
}

# Is this version's image here, installed or unpacked?
kernel_installed() {
	[ -r "/boot/vmlinuz-$1" ] && [ -e "/lib/modules/$1/modules.dep" ] &&
		[ -d "/lib/modules/$1/kernel" ]
}

kernel_here() {
	kernel_installed "$1" || [ -e "$CACHE/kernels/$1/complete" ]
}

# kernel_resolve NAME: sets KVER, KIMAGE, KROOT (lib/modules/$KVER is below it).
kernel_resolve() {
	local name=$1

	if kernel_own "$name"; then
		name=$("$VM_DIR/debug-kernel" "$name") || exit 125
	fi
	if [ -d "$name" ]; then
		KROOT=$(cd "$name" && pwd -P)
		for KIMAGE in "$KROOT"/vmlinuz "$KROOT"/boot/vmlinuz-*; do
			[ -e "$KIMAGE" ] && break
		done
		[ -e "$KIMAGE" ] || die "$name: no vmlinuz in it"
		KVER=$(basename "$KROOT"/lib/modules/*)
		return
	fi
	case $name in
	[0-9]*) ;;
	*) die "$name: neither a kernel (6.1, 6.12, 6.12-rt) nor a directory" ;;
	esac

	mkdir -p "$CACHE/kernels"
	KVER=$(kernel_version "$name")
	if kernel_installed "$KVER"; then
		KROOT=/
	else
		locked "kernel-$KVER" kernel_fetch "$KVER"
		KROOT=$CACHE/kernels/$KVER
	fi
	KIMAGE=$(locked "kernel-$KVER" kernel_unpacked "${KROOT%/}/boot/vmlinuz-$KVER")
}

# ---- the module ------------------------------------------------------------

# Where the module is built for $KVER. One directory per tree and kernel: two
# kernels from one tree, or two clones, never meet; nor do two kernels of one version,
# built with different options.
module_dir() {
	echo "$CACHE/build/$KVER-$(printf '%s\n' "$TOP" "$KROOT" | cksum | cut -d' ' -f1)"
}

# Kbuild has no output directory for external modules before 6.13, so the
# sources are copied; times are kept, which is all that make looks at.
module_build() {
	local dir log new kdir=/lib/modules/$KVER/build w='' cc=()

	dir=$(module_dir)
	log=$dir/build.log
	[ -d "$KROOT/lib/modules/$KVER/build/" ] && kdir=$KROOT/lib/modules/$KVER/build
	[ -e "$kdir/Makefile" ] || die "no headers for $KVER (make deps)"

	new=$(cd "$TOP" && find Kbuild kmod include -type f \
		\( -name Kbuild\* -o -name '*.[chS]' -o -name '*.sh' -o -name Makefile \) \
		! -name '*.mod.c' ! -path kmod/compat/config.h | sort)
	# A file that went away must not be found by an include any more.
	if [ "$(cat "$dir/files" 2>/dev/null)" != "$new" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		printf '%s\n' "$new" >"$dir/files"
	fi
	tar -C "$TOP" -cf - -T "$dir/files" | tar -C "$dir" -xpf -

	[ -n "${quiet:-}" ] || say "building the module for $KVER"
	# For a kernel of our own the compiler may find fault with everything.
	[ ! -e "$KROOT/guest" ] || w=1
	[ ! -e "$KROOT/compiler" ] || cc=("CC=$(cat "$KROOT/compiler")")
	make -C "$kdir" M="$dir" -j"$(nproc)" W=$w "${cc[@]}" modules >"$log" 2>&1 || {
		grep -v '^\(make\|  [A-Z]\)' "$log" >&2 || cat "$log" >&2
		die "building the module for $KVER failed: $log"
	}
	grep -E 'warning:|WARNING:' "$log" >&2 || return 0
	[ -n "$w" ] || return 0
	rm -f "$dir/kmod/anygate.ko"
	die "building the module for $KVER is not silent: $log"
}

# Build unless the result is newer than every source; sets KO.
module_ensure() {
	KO=$(module_dir)/kmod/anygate.ko
	[ -e "$TOP/Kbuild" ] || { KO=; return; }
	if [ ! -e "$KO" ] || [ -n "$(cd "$TOP" && find Kbuild kmod include \
			\( -name '*.[chS]' -o -name Kbuild\* -o -name '*.sh' \) \
			! -name '*.mod.c' ! -path kmod/compat/config.h -newer "$KO" -print -quit)" ]; then
		locked "build-$(basename "$(module_dir)")" module_build
		# An edit that changes nothing in the object leaves its time;
		# without this it would be "built" before every run.
		[ ! -e "$KO" ] || touch "$KO"
	fi
}

# The programs that run in guests, too: a test that talks to one that is older
# than itself shows nothing. Costs nothing when they are up to date.
programs_build() {
	make --no-print-directory -s -C "$TOP/helper" &&
		make --no-print-directory -s -C "$TOP/selftests"
}

programs_ensure() {
	[ ! -e "$TOP/helper/Makefile" ] || locked programs programs_build >&2 ||
		die "building helper/ or selftests/ failed"
}
