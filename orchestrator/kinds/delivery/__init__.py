"""From a push to a deployment: source repositories, build projects and the pipelines that join them."""
