//! The shapes of tokens and sessions, by which they are recognized anywhere.

/// The shape of a token.
#[derive(Debug)]
pub struct Shape {
    /// Whether a byte can be part of the token.
    pub is_digit: fn(u8) -> bool,
    /// Its minimum length, in bytes.
    pub length: usize,
    is_token: fn(&str) -> bool,
    /// Whether its case is irrelevant.
    any_case: bool,
}

/// At least forty hexadecimal digits: access and refresh tokens (R-cur), and sessions.
pub const HEX: Shape = Shape {
    is_digit: |byte| byte.is_ascii_hexdigit(),
    length: 40,
    is_token: |_| true,
    any_case: true,
};

/// Tokens if the knob `token_shape` is `opaque`: 30 random bytes in base64url contain both
/// lowercase and uppercase letters, unlike words joined by dashes.
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
    /// The token in a run of digits, if it is one.
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
