"""What the commands do: a question about models that takes one search or many, and its report."""
