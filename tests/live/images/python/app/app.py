"""A page that counts its visits in a file."""

import signal
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

COUNT = Path("/srv/data/visits")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        visits = int(COUNT.read_text()) + 1 if COUNT.exists() else 1
        with tempfile.TemporaryFile("w") as scratch:
            scratch.write("an app may do this")
        COUNT.write_text(str(visits))
        body = f"visit {visits}\n".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


# As the first process of its container, a program that says nothing of this signal does not end by it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
HTTPServer(("", 8000), Page).serve_forever()
