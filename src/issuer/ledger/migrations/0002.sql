-- Version 2: circuit breakers, who has paid where, and one-time orders.
CREATE TABLE flows (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE patrons (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE orders (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;

CREATE INDEX orders_until ON orders (until);
