"""What authors are told: warnings, the ledger, the two builders, and the repair of stale statements."""
