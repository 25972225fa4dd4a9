#!/usr/bin/env bash
# AWS's own runtime client for Node.js from npm, as it is, for AwsClientTests: fetch-runtimes.sh [FOLDER] prints where it has put aws-lambda-ric-3 and -4.
# What is there already stays. Their addon is compiled here (node with its headers, npm, g++, make), from the packages' own sources but not by their install scripts:
# those remake curl's configure with autotools, build curl once for each version with its program and all, optimised and in one process. It is the same curl.
set -euo pipefail

here=$(readlink -f "${BASH_SOURCE[0]}")
folder=${1:-${HEARTH_TEST_CLIENTS:-$HOME/.cache/hearth/clients}}
target=$folder/runtimes-$(sha256sum "$here" | cut -c1-12)
step() { echo "fetch-runtimes: $((SECONDS - started)) s: $*" >&2; }
started=$SECONDS

mkdir -p "$folder"
# Two runs at a time would compile at a time; the second finds what the first has made.
exec 9> "$target.lock" && flock 9
if [[ ! -d $target ]]; then
  staging=$(mktemp -d "$folder/.runtimes.XXXXXX")
  trap 'rm -rf "$staging"' EXIT
  cd "$staging"
  for program in npm g++ make xz; do command -v "$program" > /dev/null || { echo "fetch-runtimes: $program is missing" >&2; exit 1; }; done
  headers=/usr/include/node
  [[ -e $headers/node_api.h ]] || headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")/include/node
  [[ -e $headers/node_api.h ]] || { echo "fetch-runtimes: node's headers are missing (Debian: libnode-dev)" >&2; exit 1; }

  step "fetching aws-lambda-ric 3.3.0 and 4.0.2"
  npm pack --loglevel=error aws-lambda-ric@3.3.0 aws-lambda-ric@4.0.2 node-addon-api@6.1.0 node-addon-api@8.3.1 > /dev/null
  sha256sum --quiet -c - <<'SUMS'
fb6cd346ec91301e6a02921e60bea1cc8d73cc7ec301191416b95f7d1295e09a  aws-lambda-ric-3.3.0.tgz
28e042f42f6da655e72eef9190e4ab566141d2eccc5408429642a730b10b4646  aws-lambda-ric-4.0.2.tgz
441ddeef9b009b74f79e840f3e4d469e89a29e1304c573b8f48b355c7d088086  node-addon-api-6.1.0.tgz
7ca0aa7ad8e07f8134d1b0b5d8677cdd5cf2c4ded5c8e035f337b9e8a97bbde6  node-addon-api-8.3.1.tgz
SUMS
  # Archives made on a Mac: their attributes are told of, one line a file.
  unpack() { mkdir -p "$2" && tar -xf "$1" -C "$2" --no-same-owner --warning=no-unknown-keyword "${@:3}"; }
  for package in *.tgz; do unpack "$package" "${package%.tgz}" --strip-components=1; done
  unpack aws-lambda-ric-4.0.2/deps/curl.tar.xz curl
  unpack aws-lambda-ric-3.3.0/deps/aws-lambda-cpp-0.2.8.tar.gz cpp-3 --strip-components=1
  unpack aws-lambda-ric-4.0.2/deps/aws-lambda-cpp.tar.xz cpp-4

  step "configuring curl"
  # Nothing but HTTP: the options of the packages' scripts.
  off=(alt-svc ares cookies crypto-auth dateparse dict dnsshuffle doh file ftp get-easy-options gopher hsts http-auth imap ipv6 ldap ldaps libcurl-option manual mime mqtt netrc ntlm-wb pop3
    progress-meter proxy pthreads rtsp shared smtp socketpair sspi telnet tftp threaded-resolver unix-sockets verbose versioned-symbols dependency-tracking)
  without=(brotli ca-bundle gssapi libidn2 libpsl librtmp libssh2 nghttp2 nghttp3 ngtcp2 ssl zlib zstd)
  (cd curl && CFLAGS=-O0 ./configure --quiet --with-pic "${off[@]/#/--disable-}" "${without[@]/#/--without-}") > configure.log 2>&1 || { tail -n 20 configure.log >&2; exit 1; }
  step "compiling curl"
  make -s -C curl/lib -j"$(nproc)" libcurl.la > make.log 2>&1 || { tail -n 20 make.log >&2; exit 1; }

  step "compiling the addons"
  addon() { # CLIENT-FOLDER CPP-FOLDER NAPI-FOLDER SOURCE INTO
    local version major minor patch
    version=$(sed -nE 's/^ *VERSION ([0-9.]+)$/\1/p' "$2/CMakeLists.txt" | head -n 1)
    IFS=. read -r major minor patch <<< "$version"
    sed "s/@PROJECT_VERSION_MAJOR@/$major/; s/@PROJECT_VERSION_MINOR@/$minor/; s/@PROJECT_VERSION_PATCH@/$patch/; s/@PROJECT_VERSION@/$version/" "$2/src/version.cpp.in" > "$2/src/version.cpp"
    for part in logging runtime backward version; do
      g++ -std=c++11 -O0 -fPIC -fno-exceptions -fno-rtti -fvisibility=hidden -DAWS_LAMBDA_LOG=0 -I"$2/include" -Icurl/include -c "$2/src/$part.cpp" -o "$2/$part.o" || return
    done
    g++ -std=c++17 -O0 -fPIC -fvisibility=hidden -shared -DNODE_GYP_MODULE_NAME=rapid_client -I"$headers" -I"$3" -I"$2/include" -Icurl/include "$1/$4" "$2"/*.o curl/lib/.libs/libcurl.a -pthread -o "$1/$5/rapid-client.node"
  }
  addon aws-lambda-ric-3.3.0 cpp-3 node-addon-api-6.1.0 src/rapid-client.cc dist > addon-3.log 2>&1 & first=$!
  addon aws-lambda-ric-4.0.2 cpp-4 node-addon-api-8.3.1 src/native/rapid-client.cc . > addon-4.log 2>&1 || { cat addon-4.log >&2; exit 1; }
  wait $first || { cat addon-3.log >&2; exit 1; }

  # What it was built from is not needed to run it.
  mkdir done
  for version in 3.3.0 4.0.2; do
    rm -rf "aws-lambda-ric-$version"/{deps,src,scripts}
    mv "aws-lambda-ric-$version" "done/aws-lambda-ric-${version%%.*}"
  done
  mv done "$target"
  step "done"
fi
echo "$target"
