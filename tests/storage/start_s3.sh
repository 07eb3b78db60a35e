#!/bin/bash
# Runs an S3 server on loopback for tests: OpenStack Swift with its S3 interface, from Debian's
# packages (installed by apt when missing and this is root), on free ports, its data in a folder of
# its own that is removed at the end.
#
#     start_s3.sh [--no-install]
#
# Prints what clients need, then "ready":
#
#     MAT_S3_ENDPOINT=…   MAT_S3_ACCESS_KEY=…   MAT_S3_SECRET_KEY=…   MAT_S3_REGION=us-east-1
#     MAT_S3_FOLDER=…     where its data and logs are
#
# and reads commands: "kill" ends all servers at once with SIGKILL and answers "killed", "start"
# starts them again on the same ports and data and answers "ready". All ends when the input does,
# or at SIGTERM. The exit status is 77 when no server can run here, with the reason on stderr.
set -u
python=/usr/bin/python3  # Debian's, for which its packages are

cannot() { echo "start_s3.sh: $1" >&2; exit 77; }

has_swift() {
  [ -x "$python" ] && "$python" -c 'import swift.common.middleware.s3api.s3api' 2>/dev/null &&
    [ -x /usr/bin/swift-object-server ] && [ -x /usr/bin/swift-proxy-server ] &&
    [ -x /usr/bin/swift-account-server ] && [ -x /usr/bin/swift-container-server ] &&
    [ -x /usr/bin/memcached ]
}

if ! has_swift; then
  [ "${1:-}" = --no-install ] && cannot "OpenStack Swift is not installed"
  [ "$(id -u)" = 0 ] || cannot "OpenStack Swift is not installed, and only root can install it"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    swift-proxy swift-account swift-container swift-object python3-swift memcached >&2 ||
    cannot "OpenStack Swift cannot be installed"
  has_swift || cannot "OpenStack Swift was installed, but does not work"
fi

folder=$(mktemp -d "${MAT_S3_PARENT:-/var/tmp}/mat-s3-XXXXXX") || cannot "no folder for the data"
servers=()

kill_servers() {
  [ ${#servers[@]} -gt 0 ] && kill -KILL "${servers[@]}" 2>/dev/null
  wait "${servers[@]}" 2>/dev/null
  servers=()
}
finish() { kill_servers; rm -rf "$folder"; }
trap finish EXIT
trap 'exit 0' TERM INT HUP

read -r proxy account container object cache < <("$python" - <<'P'
import socket
sockets = [socket.socket() for _ in range(5)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
P
)
user=$(id -un)
access=mat:tester
secret=loopback-$RANDOM$RANDOM$RANDOM
mkdir -p "$folder/devices/d1" "$folder/conf"
touch "$folder/devices/d1/probe"
"$python" -c 'import os, sys; os.setxattr(sys.argv[1], "user.swift", b"x")' \
  "$folder/devices/d1/probe" 2>/dev/null ||
  cannot "the file system of $folder has no extended attributes; set MAT_S3_PARENT"

cat > "$folder/conf/swift.conf" <<C
[swift-hash]
swift_hash_path_suffix = mat
swift_hash_path_prefix = tests
[storage-policy:0]
name = one
default = yes
C

settings() {  # port
  cat <<C
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $1
workers = 0
user = $user
swift_dir = $folder/conf
devices = $folder/devices
mount_check = false
disable_fallocate = true
log_level = WARNING
C
}

for kind in account container object; do
  { settings "${!kind}"
    cat <<C
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
C
  } > "$folder/conf/$kind-server.conf"
done

{ settings "$proxy"
  cat <<C
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$cache
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
user_mat_tester = $secret .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
C
} > "$folder/conf/proxy-server.conf"

# One copy of everything on one device.
"$python" - "$folder/conf" "$account" "$container" "$object" 2> "$folder/rings.log" <<'P' ||
import os, sys
import swift.common.utils
swift.common.utils.SWIFT_CONF_FILE = os.path.join(sys.argv[1], "swift.conf")
from swift.common.ring import RingBuilder
for kind, port in zip(("account", "container", "object"), sys.argv[2:]):
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    address = {"ip": "127.0.0.1", "port": int(port)}
    address |= {"replication_ip": "127.0.0.1", "replication_port": int(port)}
    builder.add_dev({"region": 1, "zone": 1, "device": "d1", "weight": 1.0, "meta": ""} | address)
    builder.rebalance(seed=1)
    builder.get_ring().save(os.path.join(sys.argv[1], kind + ".ring.gz"))
P
  { cat "$folder/rings.log" >&2; cannot "Swift's rings cannot be built"; }

# Swift reads its swift.conf from /etc; this one is pointed to the folder, and ends with the script.
cat > "$folder/serve.py" <<'P'
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
import swift.common.utils
swift.common.utils.SWIFT_CONF_FILE = os.path.join(sys.argv[1], "swift.conf")
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi(os.path.join(sys.argv[1], sys.argv[2] + "-server.conf"), sys.argv[2] + "-server",
                  verbose=True))
P

answers() {
  "$python" - "$proxy" "$account" "$container" "$object" "$cache" <<'P' 2>/dev/null
import http.client, socket, sys
for port in sys.argv[2:]:
    socket.create_connection(("127.0.0.1", int(port)), timeout=5).close()
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
connection.request("GET", "/healthcheck")
sys.exit(connection.getresponse().status != 200)
P
}

start_servers() {
  /usr/bin/memcached -l 127.0.0.1 -p "$cache" -u "$user" -m 16 < /dev/null >> "$folder/cache.log" 2>&1 &
  servers+=($!)
  for kind in account container object proxy; do
    "$python" "$folder/serve.py" "$folder/conf" "$kind" < /dev/null >> "$folder/$kind.log" 2>&1 &
    servers+=($!)
  done
  for _ in $(seq 300); do
    kill -0 "${servers[@]}" 2>/dev/null || break
    answers && return 0
    sleep 0.2
  done
  tail -n 20 "$folder"/*.log >&2
  cannot "Swift does not start"
}

start_servers
cat <<C
MAT_S3_ENDPOINT=http://127.0.0.1:$proxy
MAT_S3_ACCESS_KEY=$access
MAT_S3_SECRET_KEY=$secret
MAT_S3_REGION=us-east-1
MAT_S3_FOLDER=$folder
ready
C
while read -r command; do
  case $command in
    kill) kill_servers; echo killed ;;
    start) kill_servers; start_servers; echo ready ;;
    *) echo "unknown command" ;;
  esac
done
