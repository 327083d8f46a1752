"""Pure calculation of this room. No queries."""
