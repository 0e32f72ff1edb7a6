"""The hosted pages: Checkout and 3D Secure, as plain HTML."""
