#!/usr/bin/env python3
"""An app that asks Vestibule itself what is behind the key that it was shown (RFC 7662).

    VESTIBULE_URL=https://accounts.example.org VESTIBULE_KEY=vstk_… python3 examples/introspecting.py [PORT]

VESTIBULE_KEY is the app's own key; all that it needs is the scope `introspect`.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

NEEDED = "groups:read"


def introspect(token):
    """What Vestibule says of a token. No answer is no leave: whoever calls this answers 503."""
    request = Request(os.environ["VESTIBULE_URL"] + "/oauth2/introspect", urlencode({"token": token}).encode())
    request.add_header("Authorization", "Bearer " + os.environ["VESTIBULE_KEY"])
    with urlopen(request, timeout=5) as answer:
        return json.load(answer)


def judge(authorization):
    """A status, and what the app says to it."""
    word, _, token = authorization.strip().rpartition(" ")
    if not token or word.lower() not in ("", "bearer", "apikey"):
        return 401, {"message": "Send an API key."}
    try:
        told = introspect(token)
    except HTTPError as refused:
        # The app's own key is not good: that is no fault of who asks.
        return 503, {"message": "Keys cannot be checked now.", "status": refused.code}
    except OSError:
        return 503, {"message": "Keys cannot be checked now."}
    if not told["active"]:
        return 401, {"message": "That key is not good."}
    if NEEDED not in told["scope"].split():
        return 403, {"message": "That key lacks the scope " + NEEDED + "."}
    user = told["vestibule"]["user"]
    return 200, {"user": user["id"], "role": user["role"], "groups": [group["name"] for group in user["groups"]]}


class App(BaseHTTPRequestHandler):
    def do_GET(self):
        status, told = judge(self.headers.get("Authorization") or "")
        body = json.dumps(told).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9001), App)
    print(server.server_address[1], flush=True)
    server.serve_forever()
