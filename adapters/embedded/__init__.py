"""Real servers from wheels: PostgreSQL and Valkey, started here and stopped with their parent."""
