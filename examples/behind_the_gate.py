#!/usr/bin/env python3
"""An app behind a proxy that asks Vestibule first: it believes the headers that the proxy sets, and looks at no key.

    python3 examples/behind_the_gate.py [PORT]

It listens on loopback, so that nobody comes past the proxy. docs/behind-a-proxy.md has the proxy's part.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class App(BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        told = {
            "path": self.path,
            "user": self.headers.get("X-Vestibule-Subject"),
            "kind": self.headers.get("X-Vestibule-Kind"),
            "role": self.headers.get("X-Vestibule-Role"),
            "scopes": (self.headers.get("X-Vestibule-Scopes") or "").split(),
            "received": len(self.rfile.read(length)),
            "headers": sorted(name.lower() for name in self.headers.keys()),
        }
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), App)
    print(server.server_address[1], flush=True)
    server.serve_forever()
