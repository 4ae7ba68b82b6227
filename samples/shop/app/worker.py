"""Takes orders from a Redis list and writes them to PostgreSQL."""

import os

import psycopg
import redis

cache = redis.Redis.from_url(os.environ["REDIS_URL"])

while True:
    _, order = cache.blpop("orders")
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        database.execute("INSERT INTO purchase (product) VALUES (%s)", (order.decode(),))
