"""How declared arguments are filled."""
