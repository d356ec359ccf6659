"""What the process of an author's code may reach: files, other processes, the network, the kernel."""
