"""A bay that echoes, in Python's standard library alone (3.7 or newer).

Written from docs/docking-protocol.md, which explains every rule that a comment here names by its section. Version 2, with the features
`reboard` and `drain`. `Bay.handle` is what an application would replace.
"""

import asyncio
import json
import os
import signal
import struct
import sys
from collections import deque

DOCK, MOORED = 0x01, 0x02
BOARDING, DISEMBARK = 0x10, 0x11
READY, DRAIN, PING, PONG, FAULT = 0x20, 0x21, 0x22, 0x23, 0x24
ACCEPT, REFUSE, MESSAGE, CREDIT = 0x30, 0x31, 0x32, 0x33
BINARY, CONTINUES = 0x01, 0x02
PIECE = 65_536  # section 9: every piece of a message but the last has this length
FRAME_COST = 64  # section 10
MAX_JSON = 65_536
WINDOW, LINK_WINDOW, MAX_MESSAGE = 262_144, 16_777_216, 1_048_576
MAX_WAITING = 2_097_152  # for a client that does not read


class Fault(Exception):
    """Mothership broke the protocol (section 13)."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Client:
    def __init__(self, boarding):
        self.conn_id = boarding["conn_id"]
        self.path = boarding["path"]
        self.epoch = boarding.get("epoch", 0)
        self.pieces = []
        self.cost = 0
        self.outstanding = 0
        self.waiting = deque()
        self.waiting_bytes = 0
        self.owed = [0, 0]  # cost and number of messages that were handled


class Link:
    """One connection from mothership."""

    def __init__(self, bay, reader, writer):
        self.bay, self.reader, self.writer = bay, reader, writer
        self.clients = {}
        self.blocked = {}  # clients for which messages wait, in order
        self.outstanding = 0
        self.window = self.link_window = 0
        self.draining = False

    # Frames (section 2)

    def send(self, kind, payload=b""):
        self.writer.write(struct.pack(">BI", kind, len(payload)) + payload)

    def send_json(self, kind, **members):
        self.send(kind, json.dumps(members, separators=(",", ":")).encode())

    async def read(self):
        kind, length = struct.unpack(">BI", await self.reader.readexactly(5))
        if length > (5 + PIECE if kind == MESSAGE else MAX_JSON):
            raise Fault("MS_FRAME_TOO_LARGE", f"a frame of {length} bytes")
        return kind, await self.reader.readexactly(length)

    # The life of a link

    async def run(self):
        terms = {"features": ["reboard", "drain"], "window": WINDOW, "link_window": LINK_WINDOW, "max_message": MAX_MESSAGE}
        self.send_json(DOCK, version=2, ship=self.bay.name, **terms)
        kind, payload = await self.read()
        if kind != MOORED:
            raise Fault("MS_FRAME_UNEXPECTED", "mothership begins with Moored")
        moored = json.loads(payload)
        if "features" not in moored:
            raise SystemExit("this mothership speaks version 1 only")
        self.window, self.link_window = moored["window"], moored["link_window"]
        self.send(READY, b"\x01")
        while not self.draining or self.blocked:
            kind, payload = await self.read()
            self.frame(kind, payload)
            await self.writer.drain()
        # Closing with unread bytes would destroy what mothership has not read yet (section 11).
        self.writer.write_eof()
        while await self.reader.read(65_536):
            pass

    def frame(self, kind, payload):
        if kind == MESSAGE:
            self.message(payload)
        elif kind == CREDIT:
            conn_id, cost, _ = struct.unpack(">III", payload)
            client = self.clients.get(conn_id)
            if client:
                client.outstanding -= cost
                was_full = self.outstanding >= self.link_window
                self.outstanding -= cost
                self.pump_client(client)
                if was_full:
                    self.pump()
        elif kind == BOARDING:
            client = Client(json.loads(payload))
            self.clients[client.conn_id] = client
            self.send_json(ACCEPT, conn_id=client.conn_id, protocol="", headers=[])
        elif kind == DISEMBARK:
            client = self.clients.get(json.loads(payload)["conn_id"])
            if client:
                self.forget(client)
        elif kind == PING:
            self.send(PONG, payload)
        elif kind == DRAIN:
            # Everything is handled as it comes, so that only what waits for credit is left (section 11).
            self.draining = True
        elif kind == FAULT:
            raise SystemExit(f"mothership reports a fault: {payload.decode()}")
        elif kind != PONG:
            raise Fault("MS_FRAME_UNKNOWN", f"no frame has the type {kind:#04x}")

    # Messages and credit (sections 9 and 10)

    def message(self, payload):
        conn_id, flags = struct.unpack_from(">IB", payload)
        client = self.clients.get(conn_id)
        if client is None:
            return  # it has left, and this was on its way
        client.pieces.append(payload[5:])
        client.cost += FRAME_COST + len(payload) - 5
        if sum(map(len, client.pieces)) > MAX_MESSAGE:
            raise Fault("MS_FRAME_TOO_LARGE", "a message that is too long")
        if flags & CONTINUES:
            return
        data, cost = b"".join(client.pieces), client.cost
        client.pieces, client.cost = [], 0
        client.owed[0] += cost
        client.owed[1] += 1
        self.bay.handle(self, client, data, bool(flags & BINARY))
        self.settle(client)

    def settle(self, client):
        """Returns credit, unless the client has not taken the answers yet: then it cannot go on asking."""
        if client.owed[1] and not client.waiting:
            self.send(CREDIT, struct.pack(">III", client.conn_id, *client.owed))
            client.owed = [0, 0]

    def say(self, client, data, binary):
        client.waiting.append((data, binary))
        client.waiting_bytes += len(data) + FRAME_COST
        self.blocked[client.conn_id] = client
        self.pump_client(client)
        if client.waiting_bytes > MAX_WAITING and len(client.waiting) > 1:
            self.send_json(DISEMBARK, conn_id=client.conn_id, code=1013, reason="too much waits for this client")
            self.forget(client)

    def forget(self, client):
        del self.clients[client.conn_id]
        self.blocked.pop(client.conn_id, None)
        self.outstanding -= client.outstanding
        self.pump()

    def pump_client(self, client):
        while client.waiting and client.outstanding < self.window and self.outstanding < self.link_window:
            data, binary = client.waiting.popleft()
            client.waiting_bytes -= len(data) + FRAME_COST
            for start in range(0, len(data) or 1, PIECE):
                piece = data[start : start + PIECE]
                flags = (BINARY if binary else 0) | (CONTINUES if start + PIECE < len(data) else 0)
                self.send(MESSAGE, struct.pack(">IB", client.conn_id, flags) + piece)
                client.outstanding += FRAME_COST + len(piece)
                self.outstanding += FRAME_COST + len(piece)

        if not client.waiting and self.blocked.pop(client.conn_id, None):
            self.settle(client)

    def pump(self):
        for client in list(self.blocked.values()):
            if self.outstanding >= self.link_window:
                return
            self.pump_client(client)


class Bay:
    def __init__(self, path, name):
        self.path, self.name = os.path.abspath(path), name
        self.links = set()

    def handle(self, link, client, data, binary):
        link.say(client, data, binary)

    async def connected(self, reader, writer):
        link = Link(self, reader, writer)
        self.links.add(link)
        try:
            await link.run()
        except Fault as fault:
            link.send_json(FAULT, code=fault.code, message=str(fault))
            print(f"mothership is at fault: {fault}", file=sys.stderr)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the end of the link
        finally:
            self.links.discard(link)
            writer.close()

    async def serve(self):
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        if os.path.exists(self.path):
            os.unlink(self.path)
        server = await asyncio.start_unix_server(self.connected, self.path)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()
        server.close()
        for link in list(self.links):
            link.send(READY, b"\x00")
            link.send(DRAIN, struct.pack(">I", 5_000))
        for _ in range(100):
            if not self.links:
                break
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    directory = os.environ.get("MS_SOCKET_DIR", ".")
    ship = os.environ.get("MS_SHIP", "echo")
    asyncio.run(Bay(os.environ.get("MS_SOCKET_PATH", os.path.join(directory, f"{ship}.sock")), ship).serve())
