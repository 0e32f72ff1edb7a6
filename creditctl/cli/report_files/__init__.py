"""Report files: JUnit XML for CI systems, and pages of one file for people; what they show comes from the commands."""
