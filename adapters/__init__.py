"""The real things behind the ports: PostgreSQL, Redis, embedded servers."""
