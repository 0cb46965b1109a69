"""Profiles that must not work: the text, and every fault as `line:col path: sentence → hint`."""

BAD: tuple[tuple[str, str], ...] = (
    ("", "1:1 the file is empty → for example: roamrc learn office"),
    ("# only a comment\n", "1:1 the file is empty → for example: roamrc learn office"),
    ("---\n", "1:1 the file is empty → for example: roamrc learn office"),
    ("~\n", "1:1 the file is empty → for example: roamrc learn office"),
    ("just text\n", "1:1 must be keys and values, not a text → write key: value, with a space after the colon"),
    ("- a\n- b\n", "1:1 must be keys and values, not a list → write key: value, with a space after the colon"),
    ("[]\n", "1:1 must be keys and values, not a list → write key: value, with a space after the colon"),
    ("when\n", "1:1 must be keys and values, not a text → write key: value, with a space after the colon"),
    ("when:[]\napply: {proxy: direct}\n", "1:5 no space after the colon → write key: value"),
    ("'when': []\naply: {proxy: direct}\n", '2:1 "aply" is no key here → did you mean apply?'),
    ("when: []\nwhen: []\napply: {proxy: direct}\n", '2:1 "when" stands here twice, first on line 1 → keep one of them'),
    (
        "when: []\napply: {proxy: direct}\napply: {proxy: direct}\n",
        '3:1 "apply" stands here twice, first on line 2 → keep one of them',
    ),
    (
        "when: &x []\napply: {proxy: direct}\n",
        '1:7 an anchor, "&x": roamrc reads none → write the value out, or put a text that begins with & in quotes',
    ),
    (
        "when: *x\napply: {proxy: direct}\n",
        '1:7 an alias, "*x": roamrc reads none → write the value out, or put a text that begins with * in quotes',
    ),
    ("<<: {when: []}\nwhen: []\napply: {proxy: direct}\n", "1:1 a merge key (<<): roamrc reads none → write the keys out"),
    (
        "when: !!set {a}\napply: {proxy: direct}\n",
        '1:7 a tag, "!!set": roamrc reads none → delete it, or put a text that begins with ! in quotes',
    ),
    (
        "when: !!python/object/apply:os.system [id]\napply: {proxy: direct}\n",
        '1:7 a tag, "!!python/object/apply:os.system": roamrc reads none → delete it, or put a text that begins with ! in quotes',
    ),
    ("!!map {when: []}\n", '1:1 a tag, "!!map": roamrc reads none → delete it, or put a text that begins with ! in quotes'),
    (
        "when: []\napply: {proxy: direct}\n---\nwhen: []\n",
        "3:1 a second document begins here → one file, one document: delete the line ---",
    ),
    ("when: []\napply: {proxy: direct}\n...\nx: 1\n", "4:1 something follows the end of the document → delete the line ..."),
    ("when:\n\t- ssid: x\napply: {proxy: direct}\n", "2:1 a tab in the indentation → indent with spaces"),
    ("when: []\n- ssid: x\napply: {proxy: direct}\n", "2:1 a list below a line that ends with [] → delete that []"),
    (
        "when:\n  - ssid: x\n   kind: wifi\napply: {proxy: direct}\n",
        "3:4 the indentation does not fit the lines above → begin keys of one mapping, and items of one list, in one column",
    ),
    ("when: {ssid: 'x}\napply: {proxy: direct}\n", "3:1 a quote is not closed → close the quote"),
    (
        'when: {ssid: "CORP\\users"}\napply: {proxy: direct}\n',
        "1:21 a backslash in double quotes begins an escape → use single quotes: 'CORP\\alice'",
    ),
    ("when: {ssid: x\n", "2:1 a mapping {a: b} is not closed → close it with }"),
    ("when: [{ssid: x}\napply: {proxy: direct}\n", "2:1 a list [a, b] is not closed → close it with ]"),
    ("when: {ssid: a: b}\napply: {proxy: direct}\n", "1:15 a mapping {a: b} is not closed → close it with }"),
    ("when: {ssid: @x}\napply: {proxy: direct}\n", "1:14 a text can't begin with this character → put the text in quotes"),
    ("when: {ssid: `x}\napply: {proxy: direct}\n", "1:14 a text can't begin with this character → put the text in quotes"),
    ("when: {ssid: %x}\napply: {proxy: direct}\n", "1:14 a text can't begin with this character → put the text in quotes"),
    ("when: {ssid: *}\napply: {proxy: direct}\n", '1:15 a text that begins with * or & must stand in quotes → for example "*"'),
    ("? [a]\n: b\nwhen: []\napply: {proxy: direct}\n", "1:3 a key must be one text"),
    ("? {a: b}\n: b\nwhen: []\napply: {proxy: direct}\n", "1:3 a key must be one text"),
    ("when: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", "1:38 nested deeper than 32"),
    (
        "a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {"
        "a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {"
        "a: \n",
        "1:128 nested deeper than 32",
    ),
    ("ssid: x: y\n", '1:8 a second colon in one line → put the text in quotes, key: "a: b"'),
    ("\u0001when: []\n", "1:1 the character U+0001 can't stand in a text file → delete it"),
    (
        'when: []\napply: {proxy: direct}\nbecause: "a\u001b[31m"\n',
        "3:12 the character U+001B can't stand in a text file → delete it",
    ),
    ("when: {ssid: x\x7f}\napply: {proxy: direct}\n", "1:15 the character U+007F can't stand in a text file → delete it"),
    (
        "when: []\nbecause: a\u2028b\napply: {proxy: direct}\n",
        "4:1 a key without its colon → write key: value, with a space after the colon",
    ),
    ("when: []\n", "1:1 apply: is missing → for example apply: {proxy: direct}"),
    ("apply: {proxy: direct}\n", "1:1 when: is missing → for example when: []"),
    ("when:\napply: {proxy: direct}\n", "1:6 when: nothing stands here → when: [] matches no network, when: anywhere every one"),
    (
        "when: null\napply: {proxy: direct}\n",
        "1:7 when: nothing stands here → when: [] matches no network, when: anywhere every one",
    ),
    (
        "when: nowhere\napply: {proxy: direct}\n",
        '1:7 when: "nowhere" is no condition → when: [] matches no network, when: anywhere every one',
    ),
    ("when: always\napply: {proxy: direct}\n", '1:7 when: "always" is no condition → did you mean anywhere?'),
    (
        "when: office\napply: {proxy: direct}\n",
        '1:7 when: "office" is no condition → for example when: {dns_suffix: corp.example}',
    ),
    (
        "when: {}\napply: {proxy: direct}\n",
        "1:7 when: an item without a key would match nothing → when: anywhere, when: [], or a key such as dns_suffix:",
    ),
    (
        "when: [{}]\napply: {proxy: direct}\n",
        "1:8 when[0]: an item without a key would match nothing → when: anywhere, when: [], or a key such as dns_suffix:",
    ),
    ("when: [anywhere]\napply: {proxy: direct}\n", "1:8 when[0]: anywhere stands alone → when: anywhere"),
    ("when: [office]\napply: {proxy: direct}\n", "1:8 when[0]: must be a mapping of keys to values → for example ssid: CorpNet*"),
    ("when: [[]]\napply: {proxy: direct}\n", "1:8 when[0]: must be a mapping of keys to values → for example ssid: CorpNet*"),
    ("when: []\nunless: anywhere\napply: {proxy: direct}\n", "2:9 unless: must be a list of items or one mapping → unless: []"),
    (
        "when: []\nunless: [{vpn: guest*}, x]\napply: {proxy: direct}\n",
        "2:25 unless[1]: must be a mapping of keys to values → for example ssid: CorpNet*",
    ),
    ("wehn: []\napply: {proxy: direct}\n", '1:1 "wehn" is no key here → did you mean when?'),
    ("when: []\nproxy: direct\napply: {proxy: direct}\n", '2:1 "proxy" is no key here → did you mean apply: {proxy: …}?'),
    ("when: {mac: x}\napply: {proxy: direct}\n", '1:8 when: "mac" is no key here → did you mean gateway_mac?'),
    ("when: {dns-suffix: x}\napply: {proxy: direct}\n", '1:8 when: "dns-suffix" is no key here → did you mean dns_suffix?'),
    (
        "when: {banana: x}\napply: {proxy: direct}\n",
        '1:8 when: "banana" is no key here → known: ssid, bssid, dns_suffix, interface, kind, gateway, gatewa'
        "y_mac, subnet, vpn, resolves, reachable",
    ),
    (
        "when: {ssid: []}\napply: {proxy: direct}\n",
        "1:14 when.ssid: the list is empty: nothing could match → name at least one, or leave the line out",
    ),
    ("when: {ssid: ''}\napply: {proxy: direct}\n", '1:14 when.ssid: is empty → "*" means any name'),
    ("when: {ssid: {a: b}}\napply: {proxy: direct}\n", "1:14 when.ssid: must be one text, not a mapping"),
    ("when: {ssid: [[a]]}\napply: {proxy: direct}\n", "1:15 when.ssid[0]: must be one text, not a list"),
    (
        "when: {ssid: [a, null]}\napply: {proxy: direct}\n",
        '1:18 when.ssid[1]: nothing stands here → leave the line out, or put "null" in quotes to mean the text',
    ),
    ("when: {ssid: ~}\napply: {proxy: direct}\n", "1:14 when.ssid: nothing stands here → leave the line out"),
    ('when: {ssid: "a\\nb"}\napply: {proxy: direct}\n', "1:14 when.ssid: holds a control character → put ? in its place"),
    (
        "when: {bssid: 02:00:5e:10:00}\napply: {proxy: direct}\n",
        '1:15 when.bssid: "02:00:5e:10:00" is no MAC address → for example 52:54:00:12:34:56',
    ),
    (
        "when: {gateway_mac: 525400123456}\napply: {proxy: direct}\n",
        '1:21 when.gateway_mac: "525400123456" is no MAC address → write 52:54:00:12:34:56',
    ),
    (
        "when: {gateway_mac: 5254.0012.3456}\napply: {proxy: direct}\n",
        '1:21 when.gateway_mac: "5254.0012.3456" is no MAC address → write 52:54:00:12:34:56',
    ),
    (
        "when: {gateway_mac: 52:54:00:12:34:5g}\napply: {proxy: direct}\n",
        '1:21 when.gateway_mac: "52:54:00:12:34:5g" is no MAC address → for example 52:54:00:12:34:56',
    ),
    (
        "when: {gateway_mac: 152:54:00:12:34:56}\napply: {proxy: direct}\n",
        '1:21 when.gateway_mac: "152:54:00:12:34:56" is no MAC address → for example 52:54:00:12:34:56',
    ),
    (
        "when: {dns_suffix: .corp.example}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: ".corp.example" begins with "." → write corp.example: the domains below it match too',
    ),
    (
        "when: {dns_suffix: '*.corp.example'}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "*.corp.example" begins with "*." → write corp.example: the domains below it match too',
    ),
    (
        "when: {dns_suffix: '*'}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "*" is no domain suffix → for example corp.example',
    ),
    (
        "when: {dns_suffix: corp..example}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "corp..example" is no domain suffix → for example corp.example',
    ),
    (
        "when: {dns_suffix: büro.example}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "büro.example" must be written in ASCII → write xn--bro-hoa.example',
    ),
    (
        "when: {dns_suffix: https://corp.example/}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "https://corp.example/" is no domain suffix → for example corp.example',
    ),
    (
        "when: {dns_suffix: '.'}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "." is no domain suffix → for example corp.example',
    ),
    (
        "when: {dns_suffix: corp example}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "corp example" is no domain suffix → for example corp.example',
    ),
    (
        "when: {dns_suffix: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example}\napply: {proxy: direct}\n",
        '1:20 when.dns_suffix: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" is no domain su'
        "ffix → for example corp.example",
    ),
    (
        "when: {kind: ethernet}\napply: {proxy: direct}\n",
        '1:14 when.kind: "ethernet" is none of wifi, wired, cellular, other → did you mean wired?',
    ),
    (
        "when: {kind: Wifi}\napply: {proxy: direct}\n",
        '1:14 when.kind: "Wifi" is none of wifi, wired, cellular, other → did you mean wifi?',
    ),
    ("when: {kind: tokenring}\napply: {proxy: direct}\n", '1:14 when.kind: "tokenring" is none of wifi, wired, cellular, other'),
    (
        "when: {gateway: router}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "router" is neither an address nor a network → for example 10.20.0.1 or 10.20.0.0/16',
    ),
    (
        "when: {gateway: 10.20}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "10.20" is neither an address nor a network → for example 10.20.0.1 or 10.20.0.0/16',
    ),
    (
        "when: {gateway: 10.20.0.300}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "10.20.0.300" is neither an address nor a network → for example 10.20.0.1 or 10.20.0.0/16',
    ),
    (
        "when: {gateway: 10.20.0.1/16}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "10.20.0.1/16" has bits set beyond its length → the network is 10.20.0.0/16, the '
        "address alone is 10.20.0.1",
    ),
    (
        "when: {gateway: 10.20.0.0/33}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "10.20.0.0/33" is no network → for example 10.20.0.0/16',
    ),
    (
        "when: {gateway: 010.0.0.1}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "010.0.0.1" is neither an address nor a network → for example 10.20.0.1 or 10.20.0.0/16',
    ),
    (
        "when: {gateway: 'fe80::1%eth0'}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "fe80::1%eth0" names an interface → leave it away: fe80::1',
    ),
    (
        "when: {gateway: 0.0.0.0/0}\napply: {proxy: direct}\n",
        '1:17 when.gateway: "0.0.0.0/0" holds every address → when: anywhere matches every network',
    ),
    (
        "when: {subnet: 10.20.0.1}\napply: {proxy: direct}\n",
        '1:16 when.subnet: "10.20.0.1" has no length → for example 10.20.0.1/24',
    ),
    (
        "when: {subnet: 10.20.3.4/16}\napply: {proxy: direct}\n",
        '1:16 when.subnet: "10.20.3.4/16" has bits set beyond its length → the network is 10.20.0.0/16, the a'
        "ddress alone is 10.20.3.4",
    ),
    (
        "when: {subnet: 10.0.0.0/255.0.0.0}\napply: {proxy: direct}\n",
        '1:16 when.subnet: "10.0.0.0/255.0.0.0" has a mask in place of a length → write 10.0.0.0/8',
    ),
    (
        "when: {subnet: fd00::1/48}\napply: {proxy: direct}\n",
        '1:16 when.subnet: "fd00::1/48" has bits set beyond its length → the network is fd00::/48, the address alone is fd00::1',
    ),
    (
        "when: {subnet: '::/0'}\napply: {proxy: direct}\n",
        '1:16 when.subnet: "::/0" holds every address → when: anywhere matches every network',
    ),
    (
        "when: {vpn: yes}\napply: {proxy: direct}\n",
        '1:13 when.vpn: "yes" is neither true, false nor a tunnel\'s name → did you mean true?',
    ),
    (
        "when: {vpn: off}\napply: {proxy: direct}\n",
        '1:13 when.vpn: "off" is neither true, false nor a tunnel\'s name → did you mean false?',
    ),
    ("when: {vpn: ''}\napply: {proxy: direct}\n", '1:13 when.vpn: is empty → "*" means any name'),
    (
        "when: {resolves: https://intranet.corp.example}\napply: {proxy: direct}\n",
        '1:18 when.resolves: "https://intranet.corp.example" is no host name → for example intranet.corp.example',
    ),
    (
        "when: {resolves: 10.0.0.1}\napply: {proxy: direct}\n",
        '1:18 when.resolves: "10.0.0.1" is an address, and every address resolves → reachable: 10.0.0.1:443',
    ),
    (
        "when: {resolves: 'a b'}\napply: {proxy: direct}\n",
        '1:18 when.resolves: "a b" is no host name → for example intranet.corp.example',
    ),
    (
        "when: {resolves: '*.corp.example'}\napply: {proxy: direct}\n",
        '1:18 when.resolves: "*.corp.example" is no host name → for example intranet.corp.example',
    ),
    (
        "when: {reachable: proxy.corp.example}\napply: {proxy: direct}\n",
        '1:19 when.reachable: "proxy.corp.example" has no port → write proxy.corp.example:443',
    ),
    (
        "when: {reachable: 'proxy.corp.example:http'}\napply: {proxy: direct}\n",
        "1:19 when.reachable: the port must be a number from 1 to 65535",
    ),
    (
        "when: {reachable: 'proxy.corp.example:0'}\napply: {proxy: direct}\n",
        "1:19 when.reachable: the port must be a number from 1 to 65535",
    ),
    (
        "when: {reachable: 'proxy.corp.example:65536'}\napply: {proxy: direct}\n",
        "1:19 when.reachable: the port must be a number from 1 to 65535",
    ),
    (
        "when: {reachable: 'http://proxy.corp.example:80'}\napply: {proxy: direct}\n",
        '1:19 when.reachable: "http://proxy.corp.example:80" is a URL → write host:port, for example proxy.corp.example:8080',
    ),
    (
        "when: {reachable: 'fd00::1'}\napply: {proxy: direct}\n",
        '1:19 when.reachable: "fd00::1" is no host:port → write [fd00::1]:443 for an IPv6 address',
    ),
    (
        "when: {reachable: '[fd00::1]'}\napply: {proxy: direct}\n",
        '1:19 when.reachable: "[fd00::1]" has no port → write [fd00::1]:443',
    ),
    (
        "when: {reachable: '[fd00::g]:80'}\napply: {proxy: direct}\n",
        '1:19 when.reachable: "[fd00::g]" is no IPv6 address in brackets → for example [fd00::1]',
    ),
    (
        "when: {reachable: '-a:80'}\napply: {proxy: direct}\n",
        '1:19 when.reachable: "-a" is no host name → for example intranet.corp.example',
    ),
    ("priority: high\nwhen: []\napply: {proxy: direct}\n", '1:11 priority: "high" is no whole number from -1000000 to 1000000'),
    ("priority: 1.5\nwhen: []\napply: {proxy: direct}\n", '1:11 priority: "1.5" is no whole number from -1000000 to 1000000'),
    ("priority: 1e3\nwhen: []\napply: {proxy: direct}\n", '1:11 priority: "1e3" is no whole number from -1000000 to 1000000'),
    (
        "priority: 99999999999\nwhen: []\napply: {proxy: direct}\n",
        '1:11 priority: "99999999999" is no whole number from -1000000 to 1000000',
    ),
    ("priority: [1]\nwhen: []\napply: {proxy: direct}\n", "1:11 priority: must be one text, not a list"),
    ("priority:\nwhen: []\napply: {proxy: direct}\n", "1:10 priority: nothing stands here → leave the line out"),
    ("when: []\napply: {proxy: direct}\nbecause: ''\n", "3:10 because: is empty"),
    ("when: []\napply: {proxy: direct}\nbecause: |\n  a\n  b\n", "3:10 because: must be one line without control characters"),
    (
        "when: []\napply: {proxy: direct}\nbecause: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
        "3:10 because: is 201 characters long, more than 200",
    ),
    ("when: []\napply: {proxy: direct}\nbecause: [a]\n", "3:10 because: must be one text, not a list"),
    (
        "when: []\napply: {proxy: direct}\nprove: http://x.example/\n",
        "3:8 prove: plain http proves nothing: anyone can answer it → https://intranet.corp.example/",
    ),
    (
        "when: []\napply: {proxy: direct}\nprove: x.example\n",
        '3:8 prove: "x.example" is no http or https URL → for example https://intranet.corp.example/',
    ),
    (
        "when: []\napply: {proxy: direct}\nprove: {}\n",
        "3:8 prove.url: is missing → for example url: https://intranet.corp.example/",
    ),
    (
        "when: []\napply: {proxy: direct}\nprove: {url: https://x.example/, ca: corp.pem}\n",
        '3:38 prove.ca: "corp.pem" is a relative path → begin with / or ~/',
    ),
    (
        "when: []\napply: {proxy: direct}\nprove: {url: https://x.example/, cafile: /x}\n",
        '3:34 prove: "cafile" is no key here → did you mean ca?',
    ),
    (
        "when: []\napply: {proxy: direct}\nprove: https://alice:s3cret@x.example/\n",
        "3:8 prove: the URL holds a user name → write https://x.example/ without it",
    ),
    ("when: []\napply: {proxy: direct}\nprove: [https://x.example/]\n", "3:8 prove: must be one text, not a list"),
    ("when: []\napply: {proxy: direct}\nprove: https:///x\n", "3:8 prove: the URL has no host"),
    ("when: []\napply:\n", "2:7 apply: must be a mapping of keys to values → for example proxy: http://proxy.corp.example:8080"),
    (
        "when: []\napply: direct\n",
        "2:8 apply: must be a mapping of keys to values → for example proxy: http://proxy.corp.example:8080",
    ),
    (
        "when: []\napply: []\n",
        "2:8 apply: must be a mapping of keys to values → for example proxy: http://proxy.corp.example:8080",
    ),
    ("when: []\napply: {}\n", "2:8 apply.proxy: is missing → for example proxy: http://proxy.corp.example:8080"),
    ("when: []\napply: {prxy: direct}\n", '2:9 apply: "prxy" is no key here → did you mean proxy?'),
    (
        "when: []\napply: {proxy: none}\n",
        '2:16 apply.proxy: "none" is neither a URL nor direct, keep, original → did you mean direct?',
    ),
    (
        "when: []\napply: {proxy: 'off'}\n",
        '2:16 apply.proxy: "off" is neither a URL nor direct, keep, original → did you mean direct?',
    ),
    (
        "when: []\napply: {proxy: Direct}\n",
        '2:16 apply.proxy: "Direct" is neither a URL nor direct, keep, original → did you mean direct?',
    ),
    (
        "when: []\napply: {proxy: banana}\n",
        '2:16 apply.proxy: "banana" is neither a URL nor direct, keep, original → http://proxy.corp.example:8'
        "080, direct, keep or original",
    ),
    (
        "when: []\napply: {proxy: proxy.corp.example:8080}\n",
        "2:16 apply.proxy: the URL has no scheme → write http://proxy.corp.example:8080",
    ),
    (
        "when: []\napply: {proxy: alice:s3cret@proxy.corp.example:8080}\n",
        "2:16 apply.proxy: the URL has no scheme → http://proxy.corp.example:8080, direct, keep or original",
    ),
    (
        "when: []\napply: {proxy: socks5://x.example:1080}\n",
        '2:16 apply.proxy: npm is not known to work with "socks5" proxies → an http:// or https:// proxy, for'
        " example a local px, cntlm or privoxy",
    ),
    ("when: []\napply: {proxy: http://}\n", "2:16 apply.proxy: the URL has no host"),
    ("when: []\napply: {proxy: 'http://:8080'}\n", "2:16 apply.proxy: the URL has no host"),
    (
        "when: []\napply: {proxy: http://proxy.corp.example:99999}\n",
        "2:16 apply.proxy: the port must be a number from 1 to 65535",
    ),
    ("when: []\napply: {proxy: http://proxy.corp.example:http}\n", "2:16 apply.proxy: the port must be a number from 1 to 65535"),
    (
        "when: []\napply: {proxy: http://proxy.corp.example:8080/x}\n",
        "2:16 apply.proxy: a proxy's URL ends after the port → write http://proxy.corp.example:8080",
    ),
    ("when: []\napply: {proxy: http://wpad.corp.example/wpad.dat}\n", "2:16 apply.proxy: npm reads no PAC file"),
    (
        "when: []\napply: {proxy: 'http://alice:s3#cret@proxy.corp.example:8080'}\n",
        "2:16 apply.proxy: a / ? # or \\ in the password ends the host there → write %2F %3F %23 %5C, or use l"
        "ogin:, which encodes by itself",
    ),
    (
        "when: []\napply: {proxy: 'http://alice:100%@proxy.corp.example:8080'}\n",
        "2:16 apply.proxy: a % in user or password must be written %25 → or use login:, which encodes by itself",
    ),
    (
        "when: []\napply: {proxy: 'http://${HOST}:8080'}\n",
        "2:16 apply.proxy: the host must be written out: roamrc compares and tries it → http://proxy.corp.example:8080",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy corp.example:8080'}\n",
        "2:16 apply.proxy: the URL holds a space or a control character → a space in a password is %20",
    ),
    (
        'when: []\napply: {proxy: "http://proxy.corp.example:8080\\n"}\n',
        "2:16 apply.proxy: the URL holds a space or a control character → a space in a password is %20",
    ),
    ("when: []\napply: {proxy: [http://a.example:1, http://b.example:2]}\n", "2:16 apply.proxy: must be one text, not a list"),
    (
        "when: []\napply: {proxy: 'http://büro.example:8080'}\n",
        '2:16 apply.proxy: "büro.example" must be written in ASCII → write xn--bro-hoa.example',
    ),
    (
        "when: []\napply: {proxy: 'http://[fd00::g]:8080'}\n",
        '2:16 apply.proxy: "[fd00::g]" is no IPv6 address in brackets → for example [fd00::1]',
    ),
    ("when: []\napply: {proxy: ~}\n", "2:16 apply.proxy: nothing stands here → leave the line out"),
    (
        "when: []\napply: {proxy: http//proxy.corp.example:8080}\n",
        "2:16 apply.proxy: the URL has no scheme → http://proxy.corp.example:8080, direct, keep or original",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'alice:s3cret'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the login is no reference, it begins with none of keyring: env: command: file: → l"
        "ogin: keyring:SERVICE/USER, env:USERVAR,PASSVAR, command:ARGV or file:PATH",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'keyring:'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the keyring: reference is empty or has control characters → login: keyring:SERVICE"
        "/USER, env:USERVAR,PASSVAR, command:ARGV or file:PATH",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'keychain:x/y'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the login is no reference, it begins with none of keyring: env: command: file: → l"
        "ogin: keyring:SERVICE/USER, env:USERVAR,PASSVAR, command:ARGV or file:PATH",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'keyring:corp-proxy'}\nprove: https:"
        "//x.corp.example/\n",
        "2:57 apply.login: the login names no user, and the URL has none → login: keyring:SERVICE/USER",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'keyring:/alice'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the keyring: reference lacks its service or its user → login: keyring:SERVICE/USER",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'env:USER'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the env: reference is not two names of variables → login: env:USERVAR,PASSVAR",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'env:A B,C'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the env: reference is not two names of variables → login: env:USERVAR,PASSVAR",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'command:'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the command: reference is empty or has control characters → login: keyring:SERVICE"
        "/USER, env:USERVAR,PASSVAR, command:ARGV or file:PATH",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'command:pass \"x'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the command: reference is empty or has a quote that is not closed → login: command:PROGRAM ARGUMENT…",
    ),
    (
        "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'file:secrets'}\nprove: https://x.corp.example/\n",
        "2:57 apply.login: the path of file: is relative, and the agent has no folder of its own → login: f"
        "ile:/PATH or file:~/PATH",
    ),
    (
        "when: []\napply: {proxy: 'direct', login: 'keyring:corp/alice'}\nprove: https://x.corp.example/\n",
        "2:33 apply.login: a login needs a proxy, and proxy is direct → delete login:, or name the proxy",
    ),
    (
        "when: []\napply: {proxy: 'http://alice:s3cret@proxy.corp.example:8080', login: 'keyring:corp/alice'}\n"
        "prove: https://x.corp.example/\n",
        "2:70 apply.login: the URL has a password and there is a login as well → proxy: http://proxy.corp.example:8080",
    ),
    (
        "when: []\napply: {proxy: 'http://bob@proxy.corp.example:8080', login: 'keyring:corp/alice'}\nprove: ht"
        "tps://x.corp.example/\n",
        "2:61 apply.login: the login names another user than the URL → proxy: http://proxy.corp.example:8080",
    ),
    ("when: []\napply: {proxy: keep, login: [a]}\n", "2:29 apply.login: must be one text, not a list"),
    ("when: []\napply: {proxy: direct, no_proxy: {a: b}}\n", "2:34 apply.no_proxy: must be one text, not a mapping"),
    ("when: []\napply: {proxy: direct, no_proxy: [[a]]}\n", "2:35 apply.no_proxy[0]: must be one text, not a list"),
    (
        "when: []\napply: {proxy: direct, no_proxy: null}\n",
        '2:34 apply.no_proxy: nothing stands here → leave the line out, or put "null" in quotes to mean the text',
    ),
    (
        "when: []\napply: {proxy: direct, registry: null}\n",
        '2:34 apply.registry: nothing stands here → leave the line out, or put "null" in quotes to mean the text',
    ),
    (
        "when: []\napply: {proxy: direct, registry: npm.corp.example}\n",
        '2:34 apply.registry: "npm.corp.example" is no http or https URL → for example https://npm.corp.example/',
    ),
    (
        "when: []\napply: {proxy: direct, registry: 'https://alice:s3cret@npm.corp.example/'}\n",
        "2:34 apply.registry: the URL holds a user name → write https://npm.corp.example/ without it",
    ),
    (
        "when: []\napply: {proxy: direct, registry: 'https://npm.corp.example:port/'}\n",
        "2:34 apply.registry: the port must be a number from 1 to 65535",
    ),
    (
        "when: []\napply: {proxy: direct, npm: []}\n",
        "2:29 apply.npm: must be a mapping of npm's keys to values → npm: {cafile: /etc/ssl/corp.pem}",
    ),
    (
        "when: []\napply: {proxy: direct, npm: offline}\n",
        "2:29 apply.npm: must be a mapping of npm's keys to values → npm: {cafile: /etc/ssl/corp.pem}",
    ),
    ("when: []\napply: {proxy: direct, npm: {proxy: x}}\n", '2:30 apply.npm.proxy: "proxy" has its own place → use apply.proxy'),
    (
        "when: []\napply: {proxy: direct, npm: {https-proxy: x}}\n",
        '2:30 apply.npm.https-proxy: "https-proxy" has its own place → use apply.proxy',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {HTTPS_PROXY: x}}\n",
        '2:30 apply.npm.HTTPS_PROXY: "HTTPS_PROXY" has its own place → use apply.proxy',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {noproxy: x}}\n",
        '2:30 apply.npm.noproxy: "noproxy" has its own place → use apply.no_proxy',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {registry: x}}\n",
        '2:30 apply.npm.registry: "registry" has its own place → use apply.registry',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {userconfig: x}}\n",
        '2:30 apply.npm.userconfig: "userconfig" has its own place → use npm.userconfig in config.yaml',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {'ca[]': x}}\n",
        '2:30 apply.npm["ca[]"]: "ca[]" is how the file writes a list → write ca: [a, b]',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {'a=b': x}}\n",
        '2:30 apply.npm["a=b"]: npm\'s file can\'t hold the key "a=b" → letters, digits and -, or @scope:registry',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {'[a]': x}}\n",
        '2:30 apply.npm["[a]"]: npm\'s file can\'t hold the key "[a]" → letters, digits and -, or @scope:registry',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {'a;b': x}}\n",
        '2:30 apply.npm["a;b"]: npm\'s file can\'t hold the key "a;b" → letters, digits and -, or @scope:registry',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {' a': x}}\n",
        '2:30 apply.npm[" a"]: npm\'s file can\'t hold the key " a" → letters, digits and -, or @scope:registry',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {'': x}}\n",
        '2:30 apply.npm[""]: npm\'s file can\'t hold the key "" → letters, digits and -, or @scope:registry',
    ),
    (
        "when: []\napply: {proxy: direct, npm: {__proto__: x}}\n",
        "2:30 apply.npm.__proto__: npm's file can't hold the key \"__proto__\" → letters, digits and -, or @scope:registry",
    ),
    (
        "when: []\napply: {proxy: direct, npm: {'a${B}': x}}\n",
        '2:30 apply.npm["a${B}"]: npm\'s file can\'t hold the key "a${B}" → letters, digits and -, or @scope:registry',
    ),
    (
        'when: []\napply: {proxy: direct, npm: {"a\\nb": x}}\n',
        '2:30 apply.npm["a\\nb"]: npm\'s file can\'t hold the key "a\\nb" → letters, digits and -, or @scope:registry',
    ),
    ("when: []\napply: {proxy: direct, npm: {cafile:}}\n", "2:36 no space after the colon → write key: value"),
    ("when: []\napply: {proxy: direct, npm: {ca: []}}\n", "2:34 apply.npm.ca: the list is empty → null: the key must be absent"),
    (
        "when: []\napply: {proxy: direct, npm: {ca: [a, null]}}\n",
        '2:38 apply.npm.ca[1]: nothing stands here → leave the line out, or put "null" in quotes to mean the text',
    ),
    ("when: []\napply: {proxy: direct, npm: {ca: [[a]]}}\n", "2:35 apply.npm.ca[0]: must be one text, not a list"),
    ("when: []\napply: {proxy: direct, npm: {ca: {a: b}}}\n", "2:34 apply.npm.ca: must be one text, not a mapping"),
    ('when: []\napply: {proxy: direct, npm: {"x": "a\\u0007"}}\n', "2:35 apply.npm.x: holds a control character"),
    (
        "when: []\napply: {proxy: direct, npm: {offline: true, offline: false}}\n",
        '2:45 "offline" stands here twice, first on line 2 → keep one of them',
    ),
)
