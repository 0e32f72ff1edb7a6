"""Commands that judge: `env`, `checklist`, `doctor`, and what they look at."""
