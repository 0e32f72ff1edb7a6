"""`creditctl webhooks …`: list, register, rotate, probe, disable, enable, delete."""
