"""A network that learns what an ETAS forecast lacks, from the forecast itself and from its recent errors."""
