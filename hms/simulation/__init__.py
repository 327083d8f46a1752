"""A hospital that lives: seeded acts of staff, on a simulated clock or in real time."""
