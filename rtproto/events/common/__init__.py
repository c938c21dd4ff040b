"""Events and objects that the beta and the GA dialect share; each is defined once and exported by both."""
