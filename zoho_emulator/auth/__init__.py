"""OAuth: access tokens for refresh tokens."""
