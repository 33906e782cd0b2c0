#!/bin/bash
# Makes this machine one that Kafka can run on: its data volume, a user, Java, Kafka's files.
# Runs at every boot, and comes to the same state each time.
set -euo pipefail
: "${FORMAT:?}" "${VOLUME:?}" "${VERSION:?}" "${URL:?}" "${SHA512:?}"
root=${KPL_ROOT:-}
device=$root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}
mount=$root/var/lib/kafka
kafka=$root/opt/kafka-$VERSION
formatted=$root/var/lib/kafka-privatelink/formatted # of 20-broker.sh: this machine saw data on the volume

say() { echo "kafka-privatelink: $*"; }
fail() { say "$*" >&2; exit 1; }

# ---- The data volume. It is attached after the instance has started.
say "waiting for volume $VOLUME"
udevadm wait --timeout=1800 "$device" || fail "volume $VOLUME was not attached within half an hour: reboot when it is"
# blkid says the same of a device that it cannot read as of an empty one.
head -c 4096 "$device" >/dev/null 2>&1 || fail "volume $VOLUME cannot be read"

held() { blkid -p -o export "$device" | sed -n "s/^$1=//p"; }
status=0
blkid -p -o export "$device" >/dev/null || status=$?
case $status in
  0) ;;
  2)
    [ "$FORMAT" = allowed ] && [ ! -e "$formatted" ] ||
      fail "volume $VOLUME has no file system, and may not get one: its data are lost, or it is another volume"
    say "making a file system on volume $VOLUME"
    mkfs.xfs -q "$device" || fail "no file system can be made on volume $VOLUME"
    ;;
  *) fail "blkid cannot tell what is on volume $VOLUME: it ended with $status" ;;
esac
kind=$(held TYPE)
[ "$kind" = xfs ] || fail "on volume $VOLUME is ${kind:-no file system, but something}: not made here"

mkdir -p "$mount"
line="UUID=$(held UUID) $mount xfs defaults,noatime,nofail 0 2"
if ! grep -qxF "$line" "$root/etc/fstab"; then
  sed "\\# $mount #d" "$root/etc/fstab" >"$root/etc/fstab.new"
  echo "$line" >>"$root/etc/fstab.new"
  mv "$root/etc/fstab.new" "$root/etc/fstab"
  systemctl daemon-reload
fi
mountpoint -q "$mount" || mount "$mount" || fail "volume $VOLUME cannot be mounted at $mount"

# ---- Its user. A fixed number: data outlive the machine, and belong to a number.
id -u kafka >/dev/null 2>&1 ||
  useradd --uid 9092 --user-group --home-dir "$mount" --no-create-home --shell /sbin/nologin kafka

# ---- Java, and what unpacks Kafka.
packages=(java-17-amazon-corretto-headless tar gzip)
rpm -q "${packages[@]}" >/dev/null 2>&1 || dnf -y -q install "${packages[@]}" || fail "${packages[*]} cannot be installed"

# ---- Kafka. Only what is whole gets its name.
if [ "$(cat "$kafka/.sha512" 2>/dev/null)" != "$SHA512" ]; then
  unfinished=$kafka.unfinished archive=$kafka.tgz
  rm -rf "$unfinished" "$archive"
  mkdir -p "$unfinished"
  say "fetching Kafka $VERSION from $URL"
  case $URL in
    s3://*) aws s3 cp --only-show-errors "$URL" "$archive" ;;
    *) curl -fsSL --retry 5 --retry-all-errors --connect-timeout 20 -o "$archive" "$URL" ;;
  esac || fail "Kafka $VERSION cannot be fetched from $URL"
  found=$(sha512sum <"$archive")
  [ "${found%% *}" = "$SHA512" ] || fail "what $URL holds is not what distribution.sha512 says: ${found%% *}"
  tar -xzf "$archive" -C "$unfinished" --strip-components=1 --no-same-owner || fail "what $URL holds cannot be unpacked"
  [ -x "$unfinished/bin/kafka-server-start.sh" ] || fail "what $URL holds is no Kafka"
  echo "$SHA512" >"$unfinished/.sha512"
  rm -rf "$kafka" "$archive"
  mv "$unfinished" "$kafka"
fi
say "the machine is ready for Kafka $VERSION"
