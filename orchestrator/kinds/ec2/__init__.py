"""EC2 networking: everything between the address range and the first packet."""
