//! Enums whose variants are names in the data files.

/// Defines an enum whose variants are names in the data files, so that a name without code,
/// or code without a name, is an error.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $id:literal,)+ }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Deserialize, serde::Serialize,
        )]
        #[expect(missing_docs, reason = "the data row of the same name says what each one is")]
        pub enum $name { $(#[serde(rename = $id)] $variant,)+ }

        impl $name {
            /// All of them, in the contract's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the data files.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// The one with this name.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $($id => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use names;
