"""Payment intents: endpoints, parameters, refusals, bodies, captures, cancellations."""
