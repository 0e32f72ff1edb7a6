"""Items of the production checklist beyond the guide's nine, one module a group."""
