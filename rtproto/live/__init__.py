"""Live connections: a recorder between a client and a server, and the checker inside a program."""
