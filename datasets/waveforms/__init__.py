"""From a stream of traces to windows around an arrival, in batches."""
