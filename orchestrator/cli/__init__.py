"""The command line: parses input, prints output, owns threads and signals; decides nothing about AWS."""
