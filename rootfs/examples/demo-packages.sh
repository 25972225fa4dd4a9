# Sourced by demo.sh: puts each function and its dependencies into $cache/NAME, once; again when its source changed.

# sudo's PATH may know another npm, which serves as well. Sandboxes start node, python3 and dotnet from /usr/bin: one in a home is none to them.
demo_needs() {
  HEARTH_PACKAGES_demo="nodejs:/usr/bin/node npm:$(command -v npm || echo /usr/bin/npm) curl:/usr/bin/curl python3:/usr/bin/python3"
  hearth_need demo || return
  needs_sdk
  ! /usr/bin/dotnet --list-runtimes 2> /dev/null | grep -q '^Microsoft.NETCore.App 10\.' || return 0
  if [[ -n ${HEARTH_NO_INSTALL-} ]] || ! command -v apt-get > /dev/null; then
    echo "hearth: missing: .NET 10 at /usr/bin/dotnet, where C# functions are started from; see https://learn.microsoft.com/dotnet/core/install/linux" >&2
    return 1
  fi
  echo "installing dotnet-sdk-10.0: there is no .NET 10 at /usr/bin/dotnet"
  needs_install dotnet-sdk-10.0 > "$cache/apt.log" 2>&1 || { tail -n 5 "$cache/apt.log" >&2; return 1; }
}

package() { # NAME HOW
  local name=$1 target=$cache/$1 from=$SECONDS source
  source=$(cd "$here/$name" && find . -type f -not -path '*/obj/*' -not -path '*/bin/*' | LC_ALL=C sort | xargs sha256sum | sha256sum)
  if [[ -d $target && $(cat "$target.source" 2> /dev/null) == "$source" ]]; then
    echo "$name: packaged before, $(du -sh "$target" | cut -f1)"
    return
  fi
  rm -rf "$target" "$target.new" "$target.source"
  cp -r "$here/$name" "$target.new" || return
  (cd "$target.new" && "$2") > "$target.log" 2>&1 || return
  mv "$target.new" "$target" && echo "$source" > "$target.source"
  echo "$name: $(du -sh "$target" | cut -f1) in $((SECONDS - from)) s"
}

npm_package() { npm install --omit=dev --no-audit --no-fund --loglevel=error; }

# The distribution's package, unpacked and not installed: what a function needs belongs into its zip.
python_package() {
  mkdir .deb && (cd .deb && { apt-get download python3-markdown || { [[ -z ${HEARTH_NO_INSTALL-} ]] && apt-get update && apt-get download python3-markdown; }; } && dpkg -x ./*.deb .) ||
    { rm -rf .deb; python3 -m pip install --target . -r requirements.txt; return; }
  cp -r .deb/usr/lib/python3/dist-packages/. . && rm -rf .deb
}

# The zip holds what was published, not the source.
dotnet_package() {
  local -x MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  dotnet publish Quote.csproj -c Release -o .out -p:UseSharedCompilation=false || return
  find . -mindepth 1 -maxdepth 1 ! -name .out -exec rm -rf {} + && mv .out/* . && rmdir .out && rm -f ./*.pdb
}
