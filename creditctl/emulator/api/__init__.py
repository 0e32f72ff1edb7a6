"""Building blocks of API resources: request context, routes, lists, expansion, accounts, jobs."""
