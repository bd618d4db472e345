//! Events that are pushed: they count at once, and only for their own issuer.
