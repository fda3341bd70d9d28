"""Events and waveforms in, tf.data out: core types, readers, simulators, splits."""
