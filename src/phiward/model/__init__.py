"""Plain frozen values that every other part speaks in. Nothing here reads, judges or prints."""
