"""Pure calculation about people: names, days of birth, whether two records are one person."""
