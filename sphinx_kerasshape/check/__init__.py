"""Messages to authors: warnings, the ledger, the two builders, and the repair of stale statements."""
