"""What may follow what: the state tables, the routes into them, and the engine that runs them."""
