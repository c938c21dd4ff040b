"""Where recordings come from: readers that turn a file into frames, one module a format."""
