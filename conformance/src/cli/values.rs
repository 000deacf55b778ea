//! Values of flags.

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse();
    seed.map_err(|_| "expected a whole number, 0 or more".to_owned())
}
