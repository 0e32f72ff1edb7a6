"""Status: where an installation stands, item by item, each known, absent or unknown; and the next command."""
