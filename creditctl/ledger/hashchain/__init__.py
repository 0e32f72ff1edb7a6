"""Hash chain over the entries: its definition, a fast writer of it, and its verification."""
