# Sourced by the build scripts: their options, and the program that they pack.

# Reads `--binary FILE` and `--out DIR` into $binary and $out; compiles the program if it is not
# named. $root is the repository.
read_options() {
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
  binary='' out="$root/target/packages"
  while [ $# -gt 0 ]; do
    case "$1" in
      --binary | --out)
        [ $# -gt 1 ] || fail "$1 needs a value"
        if [ "$1" = --binary ]; then binary="$2"; else out="$2"; fi
        shift 2
        ;;
      *) fail "unknown option $1; there are --binary FILE and --out DIR" ;;
    esac
  done
  if [ -z "$binary" ]; then
    (cd "$root" && cargo build --profile dist --locked -p flexiti-mock --bin flexiti-mock)
    binary="${CARGO_TARGET_DIR:-$root/target}/dist/flexiti-mock"
    [ -f "$binary" ] || binary="$binary.exe"
  fi
  [ -f "$binary" ] || fail "--binary $binary: no such file"
  binary="$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary")"
  mkdir -p "$out"
  out="$(cd "$out" && pwd)"
  "$binary" --version >/dev/null 2>&1 || fail "--binary $binary does not run on this machine"
}

# Copies a program without its debug information, where the tool for that is installed.
stripped() {
  cp "$1" "$2"
  chmod 755 "$2"
  case "$(uname -s)" in
    Linux) ! command -v strip >/dev/null || strip --strip-debug "$2" ;;
    Darwin) ! command -v strip >/dev/null || strip -S "$2" ;;
  esac
}

fail() {
  echo "$(basename "$(dirname "$0")")/$(basename "$0"): $*" >&2
  exit 2
}
