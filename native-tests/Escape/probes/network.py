"""Sockets that a sandbox may not have, and peers that it may not reach."""
import socket

from probe import Outcome, all_refused, attempt, probe


def open_socket(family, kind, protocol=0):
    def create():
        socket.socket(family, kind, protocol).close()
        return "a socket"

    return attempt(create)


@probe("raw_sockets", control=True)
def raw(host):
    return all_refused([("icmp", open_socket(socket.AF_INET, socket.SOCK_RAW, 1)), ("raw", open_socket(socket.AF_INET, socket.SOCK_RAW, 255)), ("raw6", open_socket(socket.AF_INET6, socket.SOCK_RAW, 58))])


@probe("packet_sockets", control=True)
def packet(host):
    return all_refused((kind, open_socket(17, kind, 0x300)) for kind in [socket.SOCK_RAW, socket.SOCK_DGRAM])


@probe("rare_socket_families", control=True)
def families(host):
    rare = {"vsock": 40, "alg": 38, "key": 15, "can": 29, "tipc": 30, "bluetooth": 31, "nfc": 39, "kcm": 41, "qipcrtr": 42, "smc": 43, "xdp": 44, "rds": 21, "x25": 9, "ax25": 3}
    return all_refused((name, all_refused((kind, open_socket(number, kind)) for kind in [1, 2, 3, 5])) for name, number in rare.items())


@probe("netlink_families", control=True)
def netlink(host):
    """All but NETLINK_ROUTE, which getifaddrs needs: audit, netfilter, uevent, connector, crypto, sock_diag, xfrm, generic."""
    return all_refused((protocol, open_socket(16, socket.SOCK_RAW, protocol)) for protocol in [2, 4, 6, 9, 11, 12, 15, 16, 21])


def connect(family, address, kind=socket.SOCK_STREAM):
    def dial():
        with socket.socket(family, kind) as client:
            client.settimeout(2)
            client.connect(address)
            if kind == socket.SOCK_DGRAM:
                client.send(b"x")
        return "connected"

    return attempt(dial)


@probe("host_abstract_socket")
def abstract(host):
    return connect(socket.AF_UNIX, "\0" + host["abstract"])


@probe("host_unix_sockets")
def unix_paths(host):
    paths = [host["data"] + "/run/spawner.sock", host["data"] + "/run/control/rest.sock", host["data"] + "/run/control/grpc.sock", "/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/dev/log"]
    return all_refused((path, connect(socket.AF_UNIX, path)) for path in paths)


@probe("host_loopback_services")
def loopback(host):
    return all_refused((port, connect(socket.AF_INET, ("127.0.0.1", port))) for port in host["ports"])


@probe("metadata_and_the_world")
def world(host):
    addresses = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "10.0.0.1", "192.168.0.1", "1.1.1.1", *host["addresses"]]
    tcp = [(address, connect(socket.AF_INET, (address, 80))) for address in addresses]
    udp = [(address + "/udp", connect(socket.AF_INET, (address, 53), socket.SOCK_DGRAM)) for address in addresses]
    ip6 = [("fd00:ec2::254", connect(socket.AF_INET6, ("fd00:ec2::254", 80)))]
    return all_refused(tcp + udp + ip6)


@probe("interfaces", control=True)
def interfaces(host):
    names = [name for _, name in socket.if_nameindex()]
    # Where the kernel has tunnel modules built in, each namespace has their unused fallback devices.
    extra = [name for name in names if name != "lo" and not name.startswith(("sit", "tunl", "ip6tnl", "gre", "erspan", "ip_vti", "ip6_vti", "ip6gre", "teql", "bond", "dummy"))]
    return Outcome(not extra, f"interfaces {names}")
