"""The wire protocol of the API: forms, parameter schemas, versions, currencies, limits and errors."""
