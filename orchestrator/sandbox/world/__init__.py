"""What AWS does by itself: tasks start and fail, targets turn healthy, networks become available."""
