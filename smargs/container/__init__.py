"""What a training container provides: environment variables, configuration files and a command line."""
