"""A local AWS: moto, a world that acts by itself, repairs, refusals; any AWS client can talk to it."""
