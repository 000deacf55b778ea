//! HTTP without sockets: complete requests, replies, paths, and the encodings of a body.

pub mod body;
pub mod form;
pub mod forwarded;
pub mod json;
pub mod reply;
pub mod request;
pub mod route;
