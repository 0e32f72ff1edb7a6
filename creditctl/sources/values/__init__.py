"""Values of an application's rows: numbers, times, flags and texts as databases and exports write them. Pure."""
