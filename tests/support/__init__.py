"""What tests of several rooms share: worlds with types, fake Stripes, clocks."""
