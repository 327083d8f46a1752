"""Where the libraries of sign-in ask this house: allauth, axes, the OAuth toolkit, sessions."""
