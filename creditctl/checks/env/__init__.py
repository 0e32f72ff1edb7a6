"""`env check`: reads env files and process environment, judges them by rules, mends what can be mended."""
