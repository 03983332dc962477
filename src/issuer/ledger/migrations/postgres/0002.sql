-- Version 2: circuit breakers, who has paid where, and one-time orders.
CREATE TABLE flows (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE patrons (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE orders (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);

CREATE INDEX orders_until ON orders (until);
