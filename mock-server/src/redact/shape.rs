//! What tokens and sessions look like: that is how they are found where nobody says what they are.

/// The shape of a token.
#[derive(Debug)]
pub struct Shape {
    /// The signs that it is made of.
    pub is_digit: fn(u8) -> bool,
    /// How many there are at least.
    pub length: usize,
    is_token: fn(&str) -> bool,
    /// Whether small and capital letters are the same.
    any_case: bool,
}

/// Forty hexadecimal digits in a row, as access and refresh tokens have (R-cur), and sessions.
pub const HEX: Shape = Shape {
    is_digit: |byte| byte.is_ascii_hexdigit(),
    length: 40,
    is_token: |_| true,
    any_case: true,
};

/// Tokens where the knob `token_shape` is `opaque`: 30 random bytes in base64url have both small
/// and capital letters, which tells them from words joined by dashes.
pub const OPAQUE: Shape = Shape {
    is_digit: |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
    length: 40,
    is_token: |run| {
        let has = |kind: fn(&u8) -> bool| run.as_bytes().iter().any(kind);
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)
    },
    any_case: false,
};

impl Shape {
    /// The token that a run of digits is, if it is one.
    pub fn token(&self, run: String) -> Option<String> {
        if run.len() < self.length || !(self.is_token)(&run) {
            return None;
        }
        Some(if self.any_case {
            run.to_ascii_lowercase()
        } else {
            run
        })
    }
}
