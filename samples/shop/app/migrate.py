"""Creates the tables of the shop, and its first products."""

import os

import psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    database.execute("CREATE TABLE IF NOT EXISTS product (name text PRIMARY KEY)")
    database.execute("CREATE TABLE IF NOT EXISTS purchase (id serial PRIMARY KEY, product text)")
    for name in ("apples", "bread"):
        database.execute("INSERT INTO product VALUES (%s) ON CONFLICT DO NOTHING", (name,))
