"""How fast rtproto reads and judges a session beside the other ways of reading it: `python -m benchmarks`."""
