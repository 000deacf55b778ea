//! The values that a reference's examples use.

/// The values that a reference's examples use.
#[derive(Debug, Clone)]
pub struct Options {
    /// The base URL of the API, ending in `/flexiti/online-api`.
    pub base_url: String,
    /// The client whose paths the examples call.
    pub client_id: String,
    /// The placeholder for its secret.
    pub client_secret: String,
    /// The client's user name and password, for the password grant.
    pub user: (String, String),
    /// A link back to where the reader came from: URL and text.
    pub back: Option<(String, String)>,
}

impl Default for Options {
    /// The mock at its default address, and its demo merchant.
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
