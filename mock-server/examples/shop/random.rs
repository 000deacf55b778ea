//! Unguessable values.

use rand::Rng as _;
use rand::rngs::StdRng;
use std::fmt::Write as _;

/// 32 hexadecimal digits from 16 random bytes of the operating system: for session ids, form tokens
/// and `x-reference-id`.
pub fn hex() -> String {
    let mut bytes = [0_u8; 16];
    rand::make_rng::<StdRng>().fill_bytes(&mut bytes);
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
