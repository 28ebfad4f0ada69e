# SPDX-License-Identifier: Apache-2.0
"""A directory on loopback for scripts: anonymous binds and base searches over
entries held in memory, with the faults that a directory may have. BER by hand,
standard library only. Written from RFC 4511, independently of ours."""
import socketserver
import threading

INTEGER, OCTETS, ENUMERATED, SEQUENCE, SET = 2, 4, 10, 0x30, 0x31
BIND, BOUND, UNBIND, SEARCH, ENTRY, DONE = 0x60, 0x61, 0x42, 0x63, 0x64, 0x65
SUCCESS, REFERRAL, NO_SUCH_OBJECT, BUSY = 0, 10, 32, 51
REFERRALS = 0xa3
MESSAGE_MAX = 1 << 16  # what a client may send


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def number(n, tag=INTEGER):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def text(s):
    return tlv(OCTETS, s.encode())


def message(identity, operation):
    return tlv(SEQUENCE, number(identity), operation)


def result(tag, code, *more):
    return tlv(tag, number(code, ENUMERATED), text(""), text(""), *more)


def entry(name, attributes):
    """attributes: [(type, [value])]"""
    return tlv(ENTRY, text(name), tlv(SEQUENCE, *(
        tlv(SEQUENCE, text(kind), tlv(SET, *(tlv(OCTETS, v) for v in values)))
        for kind, values in attributes)))


def elements(body):
    """(tag, contents) one behind the other; definite lengths."""
    at, found = 0, []
    while at < len(body):
        n, head = body[at + 1], at + 2
        if n & 0x80:
            head += n & 0x7f
            n = int.from_bytes(body[at + 2:head], "big")
        if head + n > len(body):
            raise ValueError("an element ends outside")
        found.append((body[at], body[head:head + n]))
        at = head + n
    return found


class Handler(socketserver.BaseRequestHandler):
    def octets(self, n):
        got = b""
        while len(got) < n:
            part = self.request.recv(n - len(got))
            if not part:
                raise EOFError
            got += part
        return got

    def read(self):
        """The next message: (identity, tag, contents of the operation)."""
        head = self.octets(2)
        n = head[1]
        if n & 0x80:
            n = int.from_bytes(self.octets(n & 0x7f), "big")
        if head[0] != SEQUENCE or n > MESSAGE_MAX:
            raise ValueError("no message")
        parts = elements(self.octets(n))
        return int.from_bytes(parts[0][1], "big"), parts[1][0], parts[1][1]

    def search(self, identity, body):
        peer = self.server.peer
        fields = elements(body)
        base = fields[0][1].decode()
        asked = [v.decode() for _, v in elements(fields[7][1])]
        peer.asked.append((base, fields[1][1][0], asked))
        attributes = peer.entries.get(base)
        if attributes is None:
            return message(identity, result(DONE, NO_SUCH_OBJECT))
        plain = {a.split(";")[0].lower(): a for a in asked}
        shown = [(plain[k.lower()], v) for k, v in attributes.items() if k.lower() in plain]
        return message(identity, entry(base, shown)) + message(identity, result(DONE, SUCCESS))

    def spoiled(self, identity, answer):
        """What goes out instead, by the fault that was ordered."""
        fault = self.server.peer.fault
        if fault == "garbage":
            return b"\x30\x84\xff\xff\xff\xff" + answer
        if fault == "truncated":
            return answer[:len(answer) // 2]
        if fault == "closed":
            return b""
        if fault == "busy":
            return message(identity, result(DONE, BUSY))
        if fault == "other message":
            return message(identity + 1, result(DONE, SUCCESS))
        if fault == "referral":
            to = text(f"ldap://127.0.0.1:{self.server.peer.port}/cn=elsewhere")
            return message(identity, result(DONE, REFERRAL, tlv(REFERRALS, to)))
        if fault == "endless":
            end = message(identity, result(DONE, SUCCESS))
            return answer[:-len(end)] * 5000
        return answer

    def handle(self):
        peer = self.server.peer
        # A client that stops in the middle is its own affair.
        try:
            while True:
                identity, tag, body = self.read()
                if tag == BIND:
                    self.request.sendall(message(identity, result(BOUND, SUCCESS)))
                elif tag == SEARCH:
                    answer = self.search(identity, body)
                    self.request.sendall(self.spoiled(identity, answer))
                    if peer.fault is not None:
                        return
                else:
                    return
        except (EOFError, ValueError, IndexError, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class LdapPeer:
    """entries: {name: {attribute: [value]}}; fault: None or one of
    Handler.spoiled(); asked: (base, scope, attributes) of each search."""

    def __init__(self):
        self.entries, self.asked, self.fault = {}, [], None
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.peer = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, base, attribute):
        return f"ldap://127.0.0.1:{self.port}/{base}?{attribute}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
