#!/bin/sh
# Installs the foreign programs that tests use, where this can be done without
# asking anybody.
set -eu
missing=""
for pair in curl:curl swaks:swaks mbsync:isync fetchmail:fetchmail ldapsearch:ldap-utils kinit:krb5-user davmail-server:davmail-server; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
# swaks speaks TLS with this Perl module.
perl -MNet::SSLeay -e1 2>/dev/null || missing="$missing libnet-ssleay-perl"
if command -v apt-get >/dev/null 2>&1; then
	# Another python3 that stands first does not see the system's packages.
	/usr/bin/python3 -c 'import ldap3' 2>/dev/null || missing="$missing python3-ldap3"
fi
# A browser opens the pages, in a typeface that is made for the screen.
{ command -v chromium || command -v google-chrome || command -v chromium-browser; } >/dev/null 2>&1 || missing="$missing chromium"
if command -v fc-list >/dev/null 2>&1; then
	fc-list | grep -qi inter || missing="$missing fonts-inter"
elif command -v apt-get >/dev/null 2>&1; then
	missing="$missing fonts-inter"
fi
# With this, curl speaks NTLM through Negotiate.
ls /usr/lib/*/gssntlmssp/gssntlmssp.so >/dev/null 2>&1 || missing="$missing gss-ntlmssp"
# A Python that has impacket speaks RPC.
{ python3 -c 'import impacket' || /usr/bin/python3 -c 'import impacket'; } >/dev/null 2>&1 || missing="$missing python3-impacket"
# Where containers run and no registry can be reached, their Debian is made of
# its packages.
if command -v apt-get >/dev/null 2>&1 && docker info >/dev/null 2>&1 && ! command -v mmdebstrap >/dev/null 2>&1; then
	missing="$missing mmdebstrap"
fi
# A lab's commands go over SSH. The program is not where everybody looks.
[ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
[ -n "$missing" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
	echo "installing$missing"
	# The programs are for tests: no service is to run, now or at the next start.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		trap 'rm -f "$policy"' EXIT
	fi
	case $missing in *openssh-server*)
		mkdir -p /etc/systemd/system
		[ -e /etc/systemd/system/ssh.service ] || ln -s /dev/null /etc/systemd/system/ssh.service
		echo "the service ssh stays off (systemctl unmask ssh lets it run)"
	esac
	apt-get update -qq
	# shellcheck disable=SC2086 # the list is a list
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif command -v brew >/dev/null 2>&1; then
	# ldapsearch and curl are part of macOS; swaks brings its Perl modules; the
	# other packages are no formulas.
	formulas=$(echo "$missing" | sed 's/ldap-utils//; s/krb5-user/krb5/; s/libnet-ssleay-perl//; s/gss-ntlmssp//; s/python3-[a-z0-9]*//g; s/davmail-server//; s/openssh-server//; s/chromium//; s/fonts-inter//; s/mmdebstrap//')
	# shellcheck disable=SC2086
	[ -z "$(echo $formulas)" ] || brew install --quiet $formulas
else
	echo "not installed:$missing; the tests that need them are skipped"
fi
