"""What crosses a service boundary."""
