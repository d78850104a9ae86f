"""Looking at pictures, curves and the latent space."""
