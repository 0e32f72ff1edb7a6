"""Project file `creditctl.toml`: text -> frozen dataclasses, one module a family of sections. Pure; holds no secret."""
