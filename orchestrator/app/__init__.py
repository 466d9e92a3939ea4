"""Use cases: the only place where plan, reconcile and rollout meet. Edges call these functions and print what they return."""
