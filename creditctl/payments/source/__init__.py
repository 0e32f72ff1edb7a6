"""An application's own rows as payment entries: kept in the archive, fitted to what Stripe says, judged."""
