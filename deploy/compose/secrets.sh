#!/bin/sh
# Makes what docker-compose.yml keeps secret, in the folder `secrets` (or the one named): passwords, the databases' addresses,
# signing keys. What is there stays. Needs openssl.
set -eu
umask 077
folder=${1:-secrets}
services="people agreements referrals notifications audit"
command -v openssl >/dev/null || { echo "✗ This needs openssl. Install it (Debian, Ubuntu: apt install openssl)." >&2; exit 1; }
mkdir -p "$folder"
before=$(ls "$folder" | wc -l)

# Files can be read by everybody in a container that is given one, whoever it runs as; on this machine the folder keeps others out.
chmod 700 "$folder"

keep() { # keep NAME: standard input becomes the secret, written whole or not at all
    cat > "$folder/.part"
    chmod 644 "$folder/.part"
    mv "$folder/.part" "$folder/$1"
}

key() { # key NAME: an Ed25519 pair; the public half is written last and says that the pair is whole
    [ -e "$folder/$1.pub" ] && return
    openssl genpkey -algorithm ed25519 | keep "$1.pem"
    openssl pkey -in "$folder/$1.pem" -pubout | keep "$1.pub"
}

for name in postgres crosswalk_owner monitor grafana $services; do
    [ -e "$folder/password_$name" ] || openssl rand -hex 24 | tr -d '\n' | keep "password_$name"
done
for name in $services; do
    [ -e "$folder/database_url_$name" ] ||
        printf 'postgresql://%s:%s@postgres/%s' "$name" "$(cat "$folder/password_$name")" "$name" | keep "database_url_$name"
done
[ -e "$folder/database_url_owner" ] ||
    printf 'postgresql://crosswalk_owner:%s@postgres/{service}' "$(cat "$folder/password_crosswalk_owner")" | keep database_url_owner
# Empty until you write into them the mail server's password, and what the district's own sign-in provider gave you.
for name in smtp_password oidc_client_secret; do
    [ -e "$folder/$name" ] || printf '' | keep "$name"
done
key session
key link
echo "✓ $(($(ls "$folder" | wc -l) - before)) secrets made in $folder; keep a copy of it where you keep the backups."
