//! Values of flags.

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    let most = u64::MAX;
    let seed = text.parse();
    seed.map_err(|_| format!("expected a whole number from 0 to {most}"))
}
