"""`creditctl events …`: list, show, archive, replay, listen, trigger."""
