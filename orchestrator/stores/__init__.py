"""Where the little that AWS itself cannot tell is kept. Every store passes the same tests."""
