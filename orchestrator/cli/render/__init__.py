"""How events and results look: a live tree on a terminal, plain lines elsewhere, JSON lines and JUnit on request."""
