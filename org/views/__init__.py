"""HTML doors of people and places, one module per noun."""
