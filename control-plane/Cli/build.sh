#!/usr/bin/env bash
# Builds what is stale into ARTIFACTS/hearth. Called by ./hearth with: build.sh ROOT ARTIFACTS
# A component is published again only when the content of its own project, of the projects it references or of the shared build files changed.
set -uo pipefail

root=$1 artifacts=$2
out=$artifacts/hearth
log=$artifacts/hearth-build.log
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/build-needs.sh"

fail() { printf 'hearth: build: %s\n' "$1" >&2; exit 6; }

mkdir -p "$out/.hash" 2>/dev/null && [[ -w $out ]] || fail "$out cannot be written by $(id -un); run it as $(stat -c %U "$root"), or set HEARTH_ARTIFACTS to another folder"

# Two calls at once: the second waits, then finds everything fresh.
exec 9> "$artifacts/.build.lock"
if ! flock -n 9; then
  echo "hearth: waiting for another build of this clone" >&2
  flock 9
fi

# The same expression as in ./hearth, which passes it by asking that script: one definition only.
eval "$(sed -n '/^stamp_of_tree()/,/^}/p' "$root/hearth")"
stamp=$(stamp_of_tree)
[[ $(cat "$out/.stamp" 2>/dev/null) == "$stamp" ]] && exit 0

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# No build server may outlive the build.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 HEARTH_ARTIFACTS=$artifacts
[[ -n ${HOME-} && -w ${HOME-} ]] || export HOME=$artifacts DOTNET_CLI_HOME=$artifacts
rid=linux-$([[ $(uname -m) == aarch64 ]] && echo arm64 || echo x64)

# --- what a component is made of -------------------------------------------------------------------------------------------------------

# Its project folder and, again and again, whatever its project file includes from outside of it.
closure() {
  local project=$1 folder include path
  folder=$(dirname "$project")
  [[ " $seen " == *" $folder "* ]] && return
  seen+=" $folder"
  while read -r include; do
    path=$(realpath -m "$folder/${include//\\//}")
    case $path in
      *.csproj) closure "$path" ;;
      *) seen+=" ${path%%/\**}" ;;
    esac
  done < <(grep -oE 'Include="\.\.[^"]+"' "$project" | sed 's/^Include="//; s/"$//')
}

hash_of() {
  find "$@" \( -name bin -o -name obj -o -name Tests -o -name tests -o -name node_modules -o -name __pycache__ \) -prune -o -type f -print0 2>/dev/null |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

hash_of_project() {
  local seen=""
  closure "$root/$1"
  hash_of $seen "$root"/Directory.* "$root/global.json" "$here/build.sh"
}

fresh() { [[ -e $out/$1 && $(cat "$out/.hash/$(basename "$1")" 2>/dev/null) == "$2" ]]; }

# --- steps -----------------------------------------------------------------------------------------------------------------------------

step() { # NUMBER TEXT COMMAND...: one line, then how long it took; the whole output goes to the log
  local number=$1 text=$2 from=$SECONDS
  shift 2
  printf 'hearth: [%s] %s ... ' "$number" "$text" >&2
  { echo "== $text"; echo "\$ $*"; } >> "$log"
  if ! "$@" >> "$log" 2>&1 < /dev/null; then
    printf 'failed after %d s\n' $((SECONDS - from)) >&2
    # A compiler's errors may be far above the tail.
    if grep -qE 'error [A-Z]+[0-9]+:' "$log"; then grep -E 'error [A-Z]+[0-9]+:' "$log" | sort -u | head -n 12 >&2
    else tail -n 12 "$log" >&2; fi
    fail "$text failed; the whole output is in $log"
  fi
  printf '%d s\n' $((SECONDS - from)) >&2
}

publish_native() { # PROJECT PROGRAM
  local staging=$artifacts/publish-staging/$2
  rm -rf "$staging"
  dotnet publish "$root/$1" -c Release -r "$rid" -p:UseSharedCompilation=false -o "$staging" || return
  install_files "$staging" "$out" "$2"
}

publish_client() { # PROJECT FOLDER: a runtime client that is a program of its own
  local staging=$artifacts/publish-staging/$2
  rm -rf "$staging"
  dotnet publish "$root/$1" -c Release -r "$rid" -p:UseSharedCompilation=false -o "$staging" || return
  mkdir -p "$out/$2" && install_files "$staging" "$out/$2" "hearth-$(sed -n 's:.*<AssemblyName>hearth-\(.*\)</AssemblyName>.*:\1:p' "$root/$1")"
}

publish_managed() { # PROJECT FOLDER: runs on the machine's own .NET, so the same files serve every processor
  local staging=$artifacts/publish-staging/$2
  rm -rf "$staging"
  dotnet publish "$root/$1" -c Release -p:UseSharedCompilation=false -o "$staging" || return
  mkdir -p "$out/$2" && rm -rf "${out:?}/$2" && mkdir -p "$(dirname "$out/$2")" && cp -r "$staging" "$out/$2" && rm -f "$out/$2"/*.pdb
}

copy_runtime() { # SOURCE FOLDER
  rm -rf "${out:?}/$2" && mkdir -p "$(dirname "$out/$2")" && cp -r "$1" "$out/$2" &&
    find "$out/$2" \( -name __pycache__ -o -name Tests -o -name tests -o -name node_modules \) -prune -exec rm -rf {} +
  # A sandbox cannot write beside the source: without this every start would compile it. The source is the same for the life of the copy, so it is not looked at.
  [[ -z $(find "$out/$2" -name '*.py' -print -quit) ]] || /usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash -s "$out/$2" -p /var/runtime "$out/$2"
}

# Renamed into place: a program that runs cannot be overwritten, and ./hearth may be running this very file.
install_files() {
  local file
  for file in "$1"/*; do
    case $file in *.pdb | *.dbg | *.xml | *.json | *.config) continue ;; esac
    [[ -f $file ]] || continue
    cp "$file" "$2/.new" && chmod 755 "$2/.new" && mv -f "$2/.new" "$2/$(basename "$file")" || return
  done
  [[ -x $2/$3 ]] || { echo "no $3 came out of the build"; return 1; }
}

# --- the components --------------------------------------------------------------------------------------------------------------------

components=(
  "hearth control-plane/Cli/Hearth.Cli.csproj native"
  "hearth-spawner agent/Spawner/Hearth.Spawner.csproj native"
  "hearth-agent agent/Host/Hearth.Agent.csproj native"
  "hearth-control-plane control-plane/Server/Hearth.ControlPlane.csproj native"
)
for folder in "$root"/rootfs/runtimes/*/; do
  name=$(basename "$folder")
  project=$(find "$folder" -maxdepth 2 -name '*.csproj' -not -path '*Tests*' -not -path '*/obj/*' | head -n 1)
  if [[ -z $project ]]; then components+=("runtimes/$name ${folder#"$root"/} copy")
  elif grep -q HearthShips "$project" && grep -q '<PublishAot>true' "$project"; then components+=("runtimes/$name ${project#"$root"/} client")
  else components+=("runtimes/$name ${project#"$root"/} managed"); fi
done

todo=()
for component in "${components[@]}"; do
  read -r name path how <<< "$component"
  if [[ $how == copy ]]; then hash=$(hash_of "$root/$path" "$here/build.sh"); else hash=$(hash_of_project "$path"); fi
  fresh "$name" "$hash" || todo+=("$component $hash")
done

if ((${#todo[@]})); then
  : > "$log"
  needs_check "$(printf '%s\n' "${todo[@]}" | grep -qv ' copy ' && echo compile)" || exit 6
  number=0
  for component in "${todo[@]}"; do
    read -r name path how hash <<< "$component"
    number=$((number + 1))
    case $how in
      native) step "$number/${#todo[@]}" "compiling $name" publish_native "$path" "$name" ;;
      client) step "$number/${#todo[@]}" "compiling $name" publish_client "$path" "$name" ;;
      managed) step "$number/${#todo[@]}" "compiling $name" publish_managed "$path" "$name" ;;
      copy) step "$number/${#todo[@]}" "copying $name" copy_runtime "$root/$path" "$name" ;;
    esac
    echo "$hash" > "$out/.hash/$(basename "$name")"
  done
  rm -rf "$artifacts/publish-staging"
  # A sandbox sees one of these folders, and a function of any language may have extensions.
  for folder in "$out"/runtimes/*/; do
    [[ $folder -ef $out/runtimes/provided ]] || ln -f "$out/runtimes/provided/hearth-adapter" "$folder" || fail "the adapter cannot be put into $folder"
  done
fi

echo "$stamp" > "$out/.stamp"
needs_hand_back "$root" "$artifacts"
