"""Pack x graph -> findings: three-valued operators, predicates, and a few graph rules as named functions."""
