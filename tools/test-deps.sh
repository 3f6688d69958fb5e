#!/bin/sh
# Installs the foreign mail clients that tests use, where this can be done
# without asking anybody.
set -eu
missing=""
for pair in curl:curl swaks:swaks mbsync:isync fetchmail:fetchmail ldapsearch:ldap-utils kinit:krb5-user; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
# swaks speaks TLS with this Perl module.
perl -MNet::SSLeay -e1 2>/dev/null || missing="$missing libnet-ssleay-perl"
# With this, curl speaks NTLM through Negotiate.
ls /usr/lib/*/gssntlmssp/gssntlmssp.so >/dev/null 2>&1 || missing="$missing gss-ntlmssp"
[ -n "$missing" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
	echo "installing$missing"
	apt-get update -qq
	# shellcheck disable=SC2086 # the list is a list
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif command -v brew >/dev/null 2>&1; then
	# ldapsearch and curl are part of macOS; swaks brings its Perl modules.
	formulas=$(echo "$missing" | sed 's/ldap-utils//; s/krb5-user/krb5/; s/libnet-ssleay-perl//; s/gss-ntlmssp//')
	# shellcheck disable=SC2086
	[ -z "$(echo $formulas)" ] || brew install --quiet $formulas
else
	echo "not installed:$missing; the tests that need them are skipped"
fi
