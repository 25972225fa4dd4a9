#!/usr/bin/env bash
# ./hearth demo: the main job on real input. Three functions with real dependencies in their zips are deployed to a node of their own and invoked
# cold and warm; two more run into their memory limit and their timeout. Ends with "demo: ok" or "demo: FAILED: what".
# Environment: HEARTH (the CLI), HEARTH_DEMO_CACHE (packages and pictures, default ~/.cache/hearth-demo), HEARTH_NO_INSTALL=1 (install nothing on this machine).
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cache=${HEARTH_DEMO_CACHE:-${HOME:-/root}/.cache/hearth-demo}
node_pid="" work="" began=$(date +%s%N) first=""
. "$here/../setup.sh"
. "$here/../../control-plane/Cli/build-needs.sh"
. "$here/demo-packages.sh"

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
show() { # what a reader would type, then the thing itself
  local word text=hearth
  for word in "$@"; do [[ $word == *[\ \'\"{}\$]* ]] && text+=" '$word'" || text+=" $word"; done
  printf '$ %s\n' "${text//$work/\$WORK}"
  "$HEARTH" "$@"
}
since_start() { printf '%.1f s' "$((($(date +%s%N) - began) / 1000000))e-3"; }
fail() { printf '\ndemo: FAILED: %s\n' "$1" >&2; exit 1; }
json() { /usr/bin/python3 -c 'import json,sys; value=json.load(open(sys.argv[1])); print(eval(sys.argv[2], {"v": value}))' "$1" "$2"; }

stop_node() {
  [[ -n $node_pid ]] || return 0
  kill -TERM "$node_pid" 2> /dev/null
  wait "$node_pid"
  local code=$?
  node_pid=""
  return $code
}
clean_up() {
  trap - EXIT INT TERM
  stop_node
  [[ -n $work ]] && rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'printf "\ndemo: FAILED: interrupted\n" >&2; exit 130' INT TERM

[[ $(id -u) -eq 0 ]] || fail "not root: a node makes namespaces and mounts; run: sudo ./hearth demo"

say "Three functions, with what they depend on"
mkdir -p "$cache" || fail "$cache cannot be made"
demo_needs || fail "a package is missing (see above)"
package thumbnail-node npm_package || fail "npm could not install sharp; the output is in $cache/thumbnail-node.log"
package report-python python_package || fail "the Markdown package could not be had; the output is in $cache/report-python.log"
package quote-dotnet dotnet_package || fail "dotnet publish failed; the output is in $cache/quote-dotnet.log"
photo=$cache/photo.jpg
[[ -s $photo ]] || (cd "$cache/thumbnail-node" && node make-photo.js "$photo") || fail "the photograph could not be made"
echo "photograph: $(cd "$cache/thumbnail-node" && node check-image.js "$photo"), $(stat -c %s "$photo") bytes ($photo)"

say "A node"
# Not in /tmp, which is nosuid on many machines.
work=$(mktemp -d /var/lib/hearth-demo.XXXXXX) && chmod 755 "$work" || fail "no folder could be made in /var/lib"
export HEARTH_DATA=$work/data
"$HEARTH" up --port 0 > "$work/up.log" 2>&1 &
node_pid=$!
until grep -q 'node ready' "$work/up.log"; do
  kill -0 "$node_pid" 2> /dev/null || { cat "$work/up.log" >&2; node_pid=""; fail "the node did not start"; }
  sleep 0.05
done
endpoint=$(sed -n 's/^ *endpoint *\(http[^ ]*\).*/\1/p' "$work/up.log")
head -n 3 "$work/up.log"

say "Deploy"
show deploy "$cache/thumbnail-node" --name thumbnail --runtime nodejs20.x --handler index.handler --memory 1024 --timeout 30 || fail "deploying thumbnail"
show deploy "$cache/report-python" --name report --runtime python3.12 --handler app.handler --memory 256 || fail "deploying report"
show deploy "$cache/quote-dotnet" --name quote --runtime dotnet10 --handler Quote::Quote.Function::Handle --memory 512 --timeout 15 || fail "deploying quote"
show deploy "$here/limits-python" --name hungry --runtime python --handler app.hungry --memory 128 --timeout 20 || fail "deploying hungry"
show deploy "$here/limits-python" --name slow --runtime python --handler app.slow --timeout 1 || fail "deploying slow"
show ls || fail "listing the functions"

say "Invoke, cold and warm"
/usr/bin/python3 - "$photo" "$work/thumbnail.event" "$work/report.event" << 'PY'
import base64, json, random, sys
json.dump({"image": base64.b64encode(open(sys.argv[1], "rb").read()).decode(), "width": 320}, open(sys.argv[2], "w"))
dice = random.Random(1)
json.dump({"rows": [{"region": dice.choice(["north", "south", "east", "west"]), "amount": round(dice.uniform(5, 500), 2)} for _ in range(1000)]}, open(sys.argv[3], "w"))
PY
echo '{"principal": 250000, "years": 20, "yearlyRatePercent": 3.5}' > "$work/quote.event"
for name in thumbnail report quote; do
  for temperature in cold warm; do
    from=$(date +%s%N)
    "$HEARTH" invoke $name --payload "@$work/$name.event" --log > "$work/$name.out" 2> "$work/$name.err" || { cat "$work/$name.err" "$work/$name.out" >&2; fail "$name, $temperature"; }
    first=${first:-$(since_start)}
    printf '%-10s %-5s %6.1f ms at the command line   %s\n' $name $temperature "$((($(date +%s%N) - from) / 10000))e-2" "$(grep -a -o 'Duration:.*' "$work/$name.err" | tr '\t' ' ')"
  done
done

say "Are the answers right?"
/usr/bin/python3 -c 'import base64,json,sys; open(sys.argv[2],"wb").write(base64.b64decode(json.load(open(sys.argv[1]))["image"]))' "$work/thumbnail.out" "$cache/thumbnail.jpg" || fail "thumbnail's answer holds no picture"
size=$(cd "$cache/thumbnail-node" && node check-image.js "$cache/thumbnail.jpg") || fail "the thumbnail is not a valid image"
[[ $size == 320x240 ]] || fail "the thumbnail is $size, not 320x240"
[[ $(stat -c %s "$cache/thumbnail.jpg") -lt $(stat -c %s "$photo") ]] || fail "the thumbnail is not smaller than the photograph"
echo "thumbnail: $size, $(stat -c %s "$cache/thumbnail.jpg") bytes, in $cache/thumbnail.jpg"
[[ $(json "$work/report.out" 'v["regions"] == 4 and "<table>" in v["html"] and "north" in v["html"]') == True ]] || fail "report's answer is wrong"
grep -a -q 'markdown from /var/task/' "$work/report.err" || fail "report did not use the package in its zip"
echo "report: an HTML table of 4 regions"
[[ $(json "$work/quote.out" 'abs(float(v.get("MonthlyPayment", v.get("monthlyPayment", 0))) - 1449.90) < 0.02') == True ]] || fail "quote's answer is wrong: $(cat "$work/quote.out")"
echo "quote: $(cat "$work/quote.out")"
curl -fsS -d '{"principal": 1000, "years": 1, "yearlyRatePercent": 1}' "$endpoint/2015-03-31/functions/quote/invocations" > "$work/curl.out" || fail "quote by HTTP"
echo "quote by HTTP: $(cat "$work/curl.out")"

say "Limits"
expect_failure() { # NAME TEXT
  show invoke "$1" > "$work/$1.out" 2> "$work/$1.err"
  local code=$?
  cat "$work/$1.out"; echo
  [[ $code -eq 1 ]] || { cat "$work/$1.err" >&2; fail "$1 ended with exit code $code instead of 1"; }
  grep -q "$2" "$work/$1.out" || fail "$1 answered without '$2': $(cat "$work/$1.out")"
}
expect_failure hungry 'signal: killed'
expect_failure slow 'timed out after 1.00 seconds'
"$HEARTH" invoke quote --payload "@$work/quote.event" > /dev/null || fail "quote after its neighbours failed"
echo "quote still answers"

say "What happened"
show logs thumbnail --tail 8 || fail "reading the logs"
show ps || fail "listing the instances"
show usage || fail "reading the usage"
show usage --json > "$work/usage.out" || fail "reading the usage"
[[ $(json <(sed 1d "$work/usage.out") '{f["FunctionName"]: f["Requests"] for f in v["Functions"]} == {"thumbnail": 2, "report": 2, "quote": 4, "hungry": 1, "slow": 1}') == True ]] ||
  fail "usage does not add up: $(json <(sed 1d "$work/usage.out") '{f["FunctionName"]: f["Requests"] for f in v["Functions"]}')"

say "Stop"
stop_node || { cat "$work/up.log" >&2; fail "the node did not stop cleanly"; }
left=$(find /proc -maxdepth 2 -name exe -lname "$work/*" 2> /dev/null)
[[ -z $left ]] || fail "processes are left: $left"
grep -q "$work" /proc/self/mountinfo && fail "mounts are left: $(grep -o "$work[^ ]*" /proc/self/mountinfo | head -n 3)"
echo "nothing is left running"
echo "the first answer came $first after the start, packaging included; $(since_start) in all"
printf '\ndemo: ok\n'
