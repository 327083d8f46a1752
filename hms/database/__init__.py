"""PostgreSQL as the hospital uses it: no wait without an end."""
