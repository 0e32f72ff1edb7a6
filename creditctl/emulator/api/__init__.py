"""What a resource of the API is written with: request context, routes, lists, expansion, accounts, jobs."""
