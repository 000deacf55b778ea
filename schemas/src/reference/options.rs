//! Whom a reference is made for.

/// Whom the examples of a reference are for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the API is, down to `/flexiti/online-api`.
    pub base_url: String,
    /// The client whose paths the examples call.
    pub client_id: String,
    /// What stands for its secret.
    pub client_secret: String,
    /// The user name and the password of the client's user, for the password grant.
    pub user: (String, String),
    /// A link back to where the reader came from: address and text.
    pub back: Option<(String, String)>,
}

impl Default for Options {
    /// The mock on its usual address, and its demo merchant.
    fn default() -> Self {
        Self {
            base_url: "http://127.0.0.1:4359/flexiti/online-api".to_owned(),
            client_id: "flexitidemo".to_owned(),
            client_secret: "flexitidemo-secret".to_owned(),
            user: ("flexitidemo".to_owned(), "flexitidemo-password".to_owned()),
            back: None,
        }
    }
}
