#!/usr/bin/env bash
# gomlxtests.sh runs GoMLX's own tests on this engine: bench/gomlxtests.sh [packages...], by default those of graphs and of training.
# It copies GoMLX's module as go.mod names it, takes out its tests' demand for XLA, and registers the engine in it.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
version=$(cd "$here" && go list -m -f '{{.Dir}}' github.com/gomlx/gomlx)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp -r "$version" "$work/gomlx"
chmod -R u+w "$work/gomlx"
cd "$work"
printf 'go 1.26.5\n\nuse (\n\t./gomlx\n\t%s\n)\n' "$here" > go.work
cd gomlx
grep -rl 'go-xla' --include=*.go . | while read -r file; do
	case $file in
	*_test.go | ./support/testutil/*) sed -i -e '/"github.com\/gomlx\/go-xla/d' -e 's/xla\.AutoInstall()/error(nil)/' "$file" ;;
	esac
done
printf 'package testutil\n\nimport "github.com/ganymede-gan/ganymede/engine"\n\nfunc init() { engine.Register() }\n' > support/testutil/ganymede.go
CGO_ENABLED=0 GOMLX_BACKEND=${GOMLX_BACKEND:-ganymede} go test -tags noxla "${@:-./core/graph/...}"
