"""What drives a stack through a plan, and reads what it does."""
