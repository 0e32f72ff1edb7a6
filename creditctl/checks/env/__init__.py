"""`env check`: collects env files and process environment, judges them by rules, repairs what can be repaired."""
