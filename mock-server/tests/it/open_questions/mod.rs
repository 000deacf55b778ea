//! What the documentation leaves open: a server that answers each question otherwise than the
//! shipped dialects do.

mod endpoints;
mod init;
mod refusals;
mod tokens;
