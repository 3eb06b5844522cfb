"""What a training container says."""
