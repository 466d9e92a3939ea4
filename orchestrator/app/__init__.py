"""Use cases: the only place where plan, reconcile and rollout meet. Edges call them and print what they return."""
