"""What makes the documentation site out of docs/, the code's own words and the order in docs/index.md: `make docs`."""
