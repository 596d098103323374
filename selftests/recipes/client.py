#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A client of a recipe's server.

    client.py KIND ADDRESS [QUESTION]     ask once; print the answer
    client.py --keep KIND ADDRESS...      ask one after the other, until killed, and
                                          print a line for each: "ok" or "lost"

KIND is one of those in KINDS below. A question that is not answered within two
seconds, or is refused, is lost; nothing is asked twice. The exit status is 1 if
there was no answer. Who keeps asking waits for ten seconds: a machine that is slow is not
to look like a question that was lost.
"""
import socket
import struct
import sys
import time

TIMEOUT = 2
TYPES = {"A": 1, "SOA": 6, "TXT": 16, "NSID": 0}


def connect(address, port, how):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, how)
    s.settimeout(TIMEOUT)
    s.connect((address, port))
    return s


def read_all(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(size - len(data))
        if not more:
            raise OSError("ended")
        data += more
    return data


def skip_name(message, at):
    while message[at]:
        if message[at] >= 0xc0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def dns_query(question, number):
    name, kind, *klass = question.split()
    nsid = kind == "NSID"
    query = struct.pack("!6H", number, 0x100, 1, 0, 0, 1 if nsid else 0)
    for label in name.rstrip(".").split("."):
        query += bytes([len(label)]) + label.encode()
    query += b"\0" + struct.pack("!2H", 6 if nsid else TYPES[kind], 3 if klass else 1)
    if nsid:
        query += b"\0" + struct.pack("!HHIHHH", 41, 1232, 0, 4, 3, 0)
    return query


def dns_answer(message, question):
    """The data of the last record that was asked for; a name for an error."""
    kind = question.split()[1]
    _, flags, questions, answers, authority, additional = struct.unpack("!6H", message[:12])
    if flags & 15:
        return "rcode %d" % (flags & 15)
    at, found = 12, "nothing"
    for _ in range(questions):
        at = skip_name(message, at) + 4
    for number in range(answers + authority + additional):
        at = skip_name(message, at)
        rr, _, _, size = struct.unpack("!HHIH", message[at:at + 10])
        data = message[at + 10:at + 10 + size]
        if kind == "NSID" and rr == 41 and data[:2] == b"\0\3":
            found = data[4:].decode()
        elif number < answers and rr == TYPES[kind]:
            if kind == "A":
                found = socket.inet_ntoa(data)
            elif kind == "TXT":
                found = data[1:1 + data[0]].decode()
            else:       # the serial number
                found = str(struct.unpack("!I", data[-20:-16])[0])
        at += 10 + size
    return found


def dns_udp(address, question="www.example A", port=53):
    number = time.monotonic_ns() & 0xffff
    with connect(address, port, socket.SOCK_DGRAM) as s:
        s.send(dns_query(question, number))
        while True:
            message = s.recv(4096)
            if message[:2] == struct.pack("!H", number):
                return dns_answer(message, question)


def dns_tcp(address, question="www.example A", port=53):
    query = dns_query(question, 1)
    with connect(address, port, socket.SOCK_STREAM) as s:
        s.sendall(struct.pack("!H", len(query)) + query)
        size, = struct.unpack("!H", read_all(s, 2))
        return dns_answer(read_all(s, size), question)


def http(address, question="/"):
    """The status and the first line of what is got."""
    with connect(address, 80, socket.SOCK_STREAM) as s:
        s.sendall(("GET %s HTTP/1.0\r\nHost: www.example\r\n\r\n" % question).encode())
        answer = b""
        while True:
            more = s.recv(4096)
            if not more:
                break
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head:
        raise OSError("ended")
    return head.split()[1].decode() + " " + body.partition(b"\n")[0].decode()


def ntp(address, _=None):
    """The stratum and the server's reference."""
    with connect(address, 123, socket.SOCK_DGRAM) as s:
        s.send(b"\x23" + b"\0" * 39 + struct.pack("!Q", time.monotonic_ns()))
        answer = s.recv(512)
    return "stratum %d" % answer[1]


def hello(address, question="hello", port=7):
    """A line, and what comes back."""
    with connect(address, port, socket.SOCK_STREAM) as s:
        s.sendall(question.encode() + b"\n")
        return s.makefile().readline().rstrip()


KINDS = {"dns": dns_udp, "dns-tcp": dns_tcp, "http": http, "ntp": ntp, "hello": hello}


def keep(kind, addresses):
    global TIMEOUT
    TIMEOUT = 10
    while True:
        for address in addresses:
            try:
                answer = KINDS[kind](address)
                print("ok   %s %s" % (address, answer), flush=True)
            except OSError as error:
                print("lost %s %s" % (address, error), flush=True)
            time.sleep(0.02)    # a client's pace


def main():
    if sys.argv[1] == "--keep":
        keep(sys.argv[2], sys.argv[3:])
    try:
        print(KINDS[sys.argv[1]](*sys.argv[2:4]))
    except OSError as error:
        sys.exit("%s: %s" % (sys.argv[2], error))


main()
