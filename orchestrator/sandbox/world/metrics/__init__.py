"""CloudWatch as it measures: what tasks and load balancers report, metric math over it, and alarms that watch it."""
