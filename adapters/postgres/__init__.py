"""PostgreSQL: connections bound to one tenant, migrations, rows."""
