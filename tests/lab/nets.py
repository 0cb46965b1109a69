"""The lab's networks, as values and text only.

sw      one bridge per LAN; the laptop's cable end (lap0) is moved between them
pub     "the internet": 203.0.113.0/24, registry.public.test
office  10.10.0.0/24, corp.test: proxy :3128 (basic auth), registry.corp.test, wpad.corp.test, VPN gateway; no other way out
home    192.168.1.0/24, domain lan, routed to pub; private office addresses are lost here (time-out)
cafe    172.20.0.0/24, no domain, routed to pub; private office addresses are refused here (ICMP)
clone   home's addresses behind another gateway MAC, no domain
rogue   the office's addresses and domain behind another gateway MAC: everything a network can claim without proof
"""

from __future__ import annotations

from dataclasses import dataclass

PROXY_USER, PROXY_PASSWORD = "alice", "s3cret"
LAPTOP_MAC = "02:00:00:00:1a:01"


@dataclass(frozen=True, slots=True)
class Net:
    """`k` numbers the network and ends its public addresses, so that two LANs may use one subnet without NAT."""

    k: int
    gateway: str
    domain: str | None
    mac: str

    def host(self, n: int) -> str:
        return self.gateway.rsplit(".", 1)[0] + f".{n}"

    @property
    def registry(self) -> str:
        """The public registry's address as this network sees it."""
        return f"203.0.113.{10 + self.k}"

    @property
    def vpn(self) -> str:
        """The VPN gateway's address as this network sees it."""
        return f"203.0.113.{100 + self.k}"

    @property
    def trap(self) -> str:
        """The address behind every name while the network lies; on the rogue one its gateway's, as for the office's proxy."""
        return self.gateway if self.domain == "corp.test" else self.host(66)


NETS = {
    "office": Net(0, "10.10.0.1", "corp.test", "02:00:00:00:0f:01"),
    "home": Net(1, "192.168.1.1", "lan", "02:00:00:00:40:01"),
    "cafe": Net(2, "172.20.0.1", None, "02:00:00:00:ca:01"),
    "clone": Net(3, "192.168.1.1", None, "02:00:00:00:c1:01"),
    "rogue": Net(4, "10.10.0.1", "corp.test", "02:00:00:00:60:01"),
}


def build(egress: str) -> str:
    """The shell script that makes every network but the laptop's; `egress` of the office: drop (time-out) or reject (ICMP)."""
    s = [
        "set -e",
        "ip netns add sw",
        "ip netns add pub",
        "ip -n pub link add br0 type bridge forward_delay 0",
        "ip -n sw link set lo up",
    ]
    pub = ["link set lo up", "link set br0 up", "addr add 203.0.113.1/24 dev br0"]
    for name, net in NETS.items():
        r = f"ip -n {name}"
        s += [
            f"ip netns add {name}",
            f"ip -n sw link add br-{name} type bridge forward_delay 0",
            f"ip -n sw link set br-{name} up",
            f"ip -n sw link add r-{name} type veth peer name lan0 address {net.mac} netns {name}",
            f"ip -n sw link set r-{name} master br-{name} up",
            f"ip -n pub link add w-{name} type veth peer name wan0 netns {name}",
            f"ip -n pub link set w-{name} master br0 up",
            f"{r} link set lo up; {r} link set lan0 up; {r} link set wan0 up",
            f"{r} addr add {net.gateway}/24 dev lan0",
            f"{r} addr add 203.0.113.{200 + net.k}/24 dev wan0",
            f"{r} route add default via 203.0.113.1",
            f"ip netns exec {name} sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0",
        ]
        if net.trap != net.gateway:
            s += [f"{r} addr add {net.trap}/24 dev lan0"]
        lan = f"{net.host(0)}/24"
        pub += [
            f"addr add {net.registry}/24 dev br0",
            f"route add {lan} via 203.0.113.{200 + net.k} table {100 + net.k}",
            f"rule add from {net.registry} to {lan} lookup {100 + net.k}",
            f"rule add from {net.vpn} to {lan} lookup {100 + net.k}",
        ]
    pub += [
        f"route add {NETS[n].host(0)}/24 via 203.0.113.{200 + NETS[n].k}" for n in ("home", "cafe")
    ]  # so that an answer of the office DNS also works there (split VPN)
    s += [f"ip -n office addr add {net.vpn}/24 dev wan0" for net in NETS.values()]
    verb = {"drop": "blackhole", "reject": "unreachable"}[egress]
    s += [
        "ip -n pub -batch - <<'E'\n" + "\n".join(pub) + "\nE",
        "ip netns exec pub sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0",
        "ip -n office addr add 10.10.0.20/24 dev lan0",
        "ip -n home route add blackhole 10.0.0.0/8; ip -n clone route add blackhole 10.0.0.0/8",
        "ip -n cafe route add unreachable 10.0.0.0/8",
        f"ip -n office rule add iif lan0 to 203.0.113.0/24 {verb}",
        f"ip -n office rule add iif tun0 to 203.0.113.0/24 {verb}",
    ]
    return "\n".join(s)


def dnsmasq(name: str, state: str, *, public_dns: bool = True, lies: bool = False) -> list[str]:
    """DHCP and DNS of one network. `lies`: every name has the trap's address."""
    net = NETS[name]
    a = [
        "dnsmasq",
        "--no-daemon",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--bind-interfaces",
        "--interface=lan0",
        "--no-ping",
        "--dhcp-authoritative",
        f"--dhcp-leasefile={state}/{name}.leases",
        f"--pid-file={state}/{name}.dnsmasq.pid",
        "--log-dhcp",
        f"--log-facility={state}/log/dnsmasq-{name}.log",
        f"--dhcp-range={net.host(100)},{net.host(199)},1h",
        f"--dhcp-option=option:router,{net.gateway}",
        f"--dhcp-option=option:dns-server,{net.gateway}",
    ]
    if net.domain:
        a += [f"--domain={net.domain}", f"--dhcp-option=option:domain-search,{net.domain}"]
    if lies:
        return [*a, f"--address=/#/{net.trap}"]
    if name == "office":
        a += [
            "--dhcp-option=252,http://wpad.corp.test/wpad.dat",
            "--address=/registry.corp.test/10.10.0.20",
            "--address=/wpad.corp.test/10.10.0.20",
            "--address=/proxy.corp.test/10.10.0.1",
        ]
    if public_dns:
        a += [f"--address=/registry.public.test/{net.registry}"]
    return [*a, f"--address=/vpn.corp.test/{net.vpn}", "--local=/#/"]


def squid(folder: str, password_hash: str) -> dict[str, str]:
    """The files of the office's squid: name -> text."""
    return {
        "passwd": f"{PROXY_USER}:{password_hash}\n",
        "hosts": f"{NETS['office'].registry} registry.public.test\n10.10.0.20 registry.corp.test\n",
        "squid.conf": f"""http_port 10.10.0.1:3128
auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/passwd
auth_param basic realm corp
auth_param basic children 2 startup=1 idle=1
acl authed proxy_auth REQUIRED
http_access allow authed
http_access deny all
cache deny all
cache_mem 8 MB
hosts_file {folder}/hosts
dns_nameservers 10.10.0.1
pid_filename {folder}/squid.pid
access_log stdio:{folder}/access.log
buffered_logs off
cache_log {folder}/cache.log
cache_store_log none
coredump_dir {folder}
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
workers 1
max_filedescriptors 1024
visible_hostname proxy.corp.test
""",
    }


TLS = """
key() { openssl req "$@" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes; }
key -x509 -days 2 -subj '/CN=roamlab CA' -keyout ca.key -out ca.pem
key -subj '/CN=registry.public.test' -keyout key.pem -out csr.pem
printf 'subjectAltName=DNS:registry.public.test,DNS:registry.corp.test\\n' > ext
openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem
mkdir trap
key -x509 -days 2 -subj '/CN=registry.corp.test' -addext "$(cat ext)" -keyout trap/key.pem -out trap/cert.pem
"""
"""The registries' certificate under the lab's CA, and for the trap one that nobody signed (shell, in the folder tls)."""
