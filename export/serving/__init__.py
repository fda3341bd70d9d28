"""A server of the zoo's models on MLServer: KServe V2 over REST and gRPC."""
