"""The shop's page: counts its visits in Redis and lists the products PostgreSQL has."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import redis

CACHE = redis.Redis.from_url(os.environ["REDIS_URL"])


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        visits = CACHE.incr("visits")
        with psycopg.connect(os.environ["DATABASE_URL"]) as database:
            products = [name for (name,) in database.execute("SELECT name FROM product ORDER BY name")]
        body = f"visit {visits}: {', '.join(products)}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Page).serve_forever()
