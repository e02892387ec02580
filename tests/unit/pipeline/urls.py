"""URLs that callers might register: those that a webhook may go to, and all the ways to smuggle in one that it may not."""

GOOD = (
    "https://hooks.example.org",
    "https://hooks.example.org/",
    "https://hooks.example.org/jobline",
    "https://hooks.example.org/jobline?token=abc&x=1",
    "https://hooks.example.org:443/jobline",
    "HTTPS://Hooks.Example.ORG/Path",
    "https://xn--bcher-kva.example.org/%C3%BC",
    "https://a.b.c.d.e.example.org/",
    "https://1and1.org/",
    "https://0x7f.org/",
    "https://127.0.0.1.nip.io/",  # its name is fine; what it resolves to is not, and that is looked at too
    "https://example.org/http://127.0.0.1/",
    "https://example.org/?u=http://169.254.169.254/",
    "https://a-b.example.org/a;b=c/!$&'()*+,",
)

_HOSTS = (
    # what is not on the Internet, by its name
    "localhost", "LOCALHOST", "localhost.", "foo.localhost", "localhost.localdomain.local", "printer.local", "metadata.google.internal",
    "instance-data.ec2.internal", "db.internal", "wiki.intranet", "nas.lan", "router.home.arpa", "facebookcorewwwi.onion", "x.invalid",
    "x.test", "x.example", "intranet", "host", "a", "com",
    # addresses, written plainly
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "0.0.0.0",
    "0.0.0.1", "255.255.255.255", "224.0.0.1", "192.0.0.192", "198.18.0.1", "192.0.2.1", "203.0.113.7", "240.0.0.1", "8.8.8.8", "1.1.1.1",
    # and in other ways that some resolvers take
    "2130706433", "017700000001", "0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "127.1", "127.0.1", "0177.0.0.1", "127.0.0.01", "0127.0.0.1",
    "00000127.0.0.1", "127.0.0.0x1", "127.0.0.1.", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0xA9.0xFE.0xA9.0xFE",
    "1.1.1.0x", "a.0x7f", "a.127", "foo.1", "3232235777", "4294967297", "127.0.0.1e0",
    # IPv6, plain and wrapping
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]",
    "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::]", "[2001:db8::1]", "[2606:4700::1111]", "[::ffff:0:127.0.0.1]", "[100::1]", "[v1.a]", "::1", "[::1",
    # other alphabets' letters, digits and dots that become plain ones somewhere
    "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ", "127。0。0。1", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "loсalhost", "bücher.example.org", "hooks.example。org",
    "hooks․example.org", "ﬀ.example.org", "hooks\u200b.example.org", "hooks\u00ad.example.org", "ß.example.org", "\u212a.example.org",
    # what is no host
    "", ".", "..", ".example.org", "hooks..example.org", "hooks.example.org.", "-a.example.org", "a-.example.org", "a_b.example.org",
    "a" * 64 + ".example.org", "a." * 130 + "org", "*.example.org", "hooks.example.org,evil.org", "hooks.example.org;evil.org", "a b.org",
    "hooks.example.org%00", "hooks.example.org%2eevil.org", "%6c%6f%63%61lhost", "hooks.example.org\u0000", "hooks!.example.org",
)  # fmt: skip

BAD = (
    *(f"https://{host}/" for host in _HOSTS),
    # another scheme
    "http://hooks.example.org/", "ftp://hooks.example.org/", "file:///etc/passwd", "gopher://hooks.example.org/", "ws://hooks.example.org/",
    "dict://hooks.example.org/", "ldap://hooks.example.org/", "javascript:alert(1)", "data:text/plain,x", "jar:https://hooks.example.org!/",
    "//hooks.example.org/", "hooks.example.org", "hooks.example.org/path", "https:hooks.example.org", "https:/hooks.example.org",
    "https:///hooks.example.org", "https//hooks.example.org", "https", "https:", "https://", "", " ", "/", "?", "httpss://hooks.example.org/",
    # another port
    "https://hooks.example.org:80/", "https://hooks.example.org:8443/", "https://hooks.example.org:22/", "https://hooks.example.org:0/",
    "https://hooks.example.org:65536/", "https://hooks.example.org:-1/", "https://hooks.example.org:/", "https://hooks.example.org:a/",
    "https://hooks.example.org:0443/", "https://hooks.example.org:443:443/", "https://hooks.example.org:４４３/", "https://hooks.example.org:+443/",
    # credentials, and what only looks like a host
    "https://user@hooks.example.org/", "https://user:pass@hooks.example.org/", "https://@hooks.example.org/", "https://:@hooks.example.org/",
    "https://hooks.example.org@127.0.0.1/", "https://127.0.0.1@hooks.example.org/", "https://hooks.example.org%40127.0.0.1/",
    "https://hooks.example.org:443@127.0.0.1/", "https://hooks.example.org\\@127.0.0.1/", "https://127.0.0.1\\.hooks.example.org/",
    "https:\\\\hooks.example.org/", "https://hooks.example.org\\/", "https://hooks.example.org/a\\b",
    # fragments
    "https://hooks.example.org/#", "https://hooks.example.org/#a", "https://hooks.example.org#@127.0.0.1/", "https://127.0.0.1#.example.org/",
    # what splits a header, or a log line
    "https://hooks.example.org/\r\nHost: 127.0.0.1", "https://hooks.example.org/\n", "https://hooks.example.org/\t", " https://hooks.example.org/",
    "https://hooks.example.org/ ", "https://hooks.example.org/a b", "https://hooks.exam\nple.org/", "https://hooks.example.org/\u2028",
    "https://hooks.example.org/\x00", "https://hooks.example.org/\x7f", "https://hooks.example.org/ü", "ht\ntps://hooks.example.org/",
    "https://hooks.example.org/\ud800", "https://hooks.example.org/" + "a" * 2048,
)  # fmt: skip

PUBLIC = (
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "52.94.236.248", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "169.253.255.255",
    "192.167.0.1", "9.255.255.255", "11.0.0.1", "126.255.255.255", "128.0.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1",
    "2600:1f18::1", "2400:cb00::1",
)  # fmt: skip

NOT_PUBLIC = (
    "0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.169.254",
    "169.254.170.2", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
    "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b::a00:1", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:0:808:808::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:808:808::1", "2002:7f00:1::",
    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "", "a", "1", "1.1.1", "0x1.1.1.1", "01.1.1.1", "1.1.1.1/32", "1.1.1.1 ", "hooks.example.org",
)  # fmt: skip
