"""What a site tells about itself: metrics for Prometheus, health for whoever restarts it or sends it requests."""
