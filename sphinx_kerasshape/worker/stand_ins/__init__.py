"""What an audit has in place of data, downloads, training and packages that documents name."""
