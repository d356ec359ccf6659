"""Reports into stock docutils nodes, one file per view. Pure: nothing is run or logged here."""
