"""What is told when: new entries find their subscriptions, and are posted to them or told in a digest."""
