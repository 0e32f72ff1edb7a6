"""Scaffold of a project file: what an application sold on Stripe, guessed into packages, each with its reason."""
