"""Training: losses, batches, the loop, checkpoints and evaluation."""
