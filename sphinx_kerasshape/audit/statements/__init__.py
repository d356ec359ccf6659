"""What documents state, found in their pieces: blocks of code, and shapes and counts near them."""
