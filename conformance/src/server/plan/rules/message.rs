//! HTTP messages and connections, as raw conversations. Each names the sentence of the RFC; a
//! SHOULD, or anything that no sentence requires, is never a violation.

use super::cases::Cases;
use crate::server::case::Turn::{Hear, HearEnd, HearFirst, HearHead, Say, Shut};
use crate::server::case::{Heeds, Kind, Turn};

/// The request line and headers of an ordinary token request.
const HEAD: &str = "POST {{token_path}} HTTP/1.1\r\nhost: {{host}}\r\n{{token_headers}}";
/// The rest, with a content length.
const REST: &str = "content-length: {{token_length}}\r\n\r\n{{token_body}}";
/// The rest, with a chunked body.
const CHUNKED: &str =
    "transfer-encoding: chunked\r\n\r\n{{token_hex}}\r\n{{token_body}}\r\n0\r\n\r\n";
/// A request for an unknown path, which should get an error.
const NOWHERE: &str = "{{base}}/nowhere HTTP/1.1\r\nhost: {{host}}\r\n\r\n";

fn usual() -> String {
    format!("{HEAD}{REST}")
}

/// Sends a text and waits for an answer.
fn asked(text: String) -> Vec<Turn> {
    vec![Say(text), Hear]
}

pub(super) fn cases(cases: Cases) -> Cases {
    courtesies(connections(framing(hosts(cases))))
}

fn hosts(cases: Cases) -> Cases {
    let host = "host: {{host}}\r\n";
    let sentence = "RFC 9112, 3.2: a server MUST respond with 400 to any HTTP/1.1 request that lacks \
                    a Host header field, and to any that contains more than one, or one with an \
                    invalid field value";
    let absolute = "RFC 9112, 3.2.2: a server MUST accept the absolute-form in requests";
    let refused = || Heeds::one(&["400"], sentence);
    cases
        .talk(
            Kind::Negative,
            "no Host",
            asked(usual().replace(host, "")),
            refused(),
        )
        .talk(
            Kind::Negative,
            "two Hosts",
            asked(usual().replace(host, &host.repeat(2))),
            refused(),
        )
        .talk(
            Kind::Negative,
            "a Host that is none",
            asked(usual().replace(host, "host: a b/c\r\n")),
            refused(),
        )
        .talk(
            Kind::Positive,
            "absolute form",
            asked(usual().replace("{{token_path}}", "{{origin}}{{token_path}}")),
            Heeds::one(&["2xx"], absolute),
        )
}

fn framing(cases: Cases) -> Cases {
    let chunked = "RFC 9112, 7.1: a recipient MUST be able to parse and decode the chunked transfer \
                   coding";
    let extension = "RFC 9112, 7.1.1: a recipient MUST ignore unrecognized chunk extensions";
    let both = "RFC 9112, 6.1: a server MAY reject a request that contains both Content-Length and \
                Transfer-Encoding, or process it in accordance with the Transfer-Encoding alone; \
                regardless, it MUST close the connection after responding";
    let lengths = "RFC 9112, 6.3: if a message has differing Content-Length field values, the server \
                   MUST respond with 400 and then close the connection";
    let folded = "RFC 9112, 5.2: a server that receives an obs-fold MUST either reject the message \
                  with 400 or replace each obs-fold with spaces";
    let colon = "RFC 9112, 5.1: a server MUST reject, with 400, any request that contains whitespace \
                 between a header field name and colon";
    let in_chunks = format!("{HEAD}{CHUNKED}");
    let both_ways = format!("{HEAD}content-length: 4\r\n{CHUNKED}");
    let two_lengths = format!("{HEAD}content-length: 3\r\n{REST}");
    cases
        .talk(
            Kind::Positive,
            "chunked",
            asked(in_chunks.clone()),
            Heeds::one(&["2xx"], chunked),
        )
        .talk(
            Kind::Positive,
            "chunked, with trailers",
            asked(in_chunks.replace("0\r\n\r\n", "0\r\nx-trailer: 1\r\n\r\n")),
            Heeds::one(&["2xx"], chunked),
        )
        .talk(
            Kind::Positive,
            "chunked, with an extension",
            asked(in_chunks.replace("{{token_hex}}", "{{token_hex}};a=b")),
            Heeds::one(&["2xx"], extension),
        )
        .talk(
            Kind::Negative,
            "a length and chunks",
            vec![Say(both_ways), Hear, HearEnd],
            Heeds {
                closed: true,
                ..Heeds::one(&["2xx", "4xx", "501"], both)
            },
        )
        .talk(
            Kind::Negative,
            "two lengths",
            asked(two_lengths),
            Heeds::one(&["400"], lengths),
        )
        .talk(
            Kind::Negative,
            "a header over two lines",
            asked(usual().replace("content-length", "x-note: one\r\n two\r\ncontent-length")),
            Heeds::one(&["2xx", "400"], folded),
        )
        .talk(
            Kind::Negative,
            "a blank before a colon",
            asked(usual().replace("content-length:", "content-length :")),
            Heeds::one(&["400"], colon),
        )
}

fn connections(cases: Cases) -> Cases {
    let order = "RFC 9112, 9.3.2: a server MUST send the responses to pipelined requests in the same \
                 order that the requests were received";
    let head = "RFC 9110, 9.3.2: the server MUST NOT send content in the response to HEAD";
    let proceed = "RFC 9110, 10.1.1: upon a 100-continue expectation, an origin server MUST send \
                   either an immediate response with a final status code or an immediate 100";
    let old = "RFC 9112, 6.1: a server MUST NOT send a response containing Transfer-Encoding unless \
               the request indicates HTTP/1.1";
    let read = "RFC 9112, 9.3: a server MUST read the entire request message body or close the \
                connection after sending its response";
    let expecting =
        format!("{HEAD}expect: 100-continue\r\ncontent-length: {{{{token_length}}}}\r\n\r\n");
    let with_body = NOWHERE.replace("\r\n\r\n", "\r\ncontent-length: 12\r\n\r\nGET / nobody");
    let two = || Heeds {
        may_end_before: Some(1),
        ..Heeds::all(&[&[], &["2xx"]], order)
    };
    let after = |sentence: &str| Heeds {
        sentence: sentence.to_owned(),
        ..two()
    };
    cases
        .talk(
            Kind::Positive,
            "pipelined",
            vec![Say(format!("GET {NOWHERE}{}", usual())), Hear, Hear],
            two(),
        )
        .talk(
            Kind::Positive,
            "after an error, on the same connection",
            vec![Say(format!("POST {with_body}")), Hear, Say(usual()), Hear],
            after(read),
        )
        .talk(
            Kind::Positive,
            "HEAD, then a request",
            vec![Say(format!("HEAD {NOWHERE}")), HearHead, Say(usual()), Hear],
            after(head),
        )
        .talk(
            Kind::Positive,
            "100-continue",
            vec![Say(expecting), HearFirst],
            Heeds::one(&["100", "2xx", "4xx"], proceed),
        )
        .talk(
            Kind::Positive,
            "HTTP/1.0",
            asked(usual().replace("HTTP/1.1", "HTTP/1.0")),
            Heeds {
                without: Some("transfer-encoding".to_owned()),
                ..Heeds::one(&[], old)
            },
        )
}

/// What a server should or may do.
fn courtesies(cases: Cases) -> Cases {
    let half = "no sentence says that a client which has said everything must go on sending";
    let line = "RFC 9112, 2.2: a server SHOULD ignore at least one empty line received prior to the \
                request-line";
    let method = "RFC 9110, 9.1: an origin server that receives a request method that is \
                  unrecognized SHOULD respond with 501, one that is not allowed with 405";
    let coding = "RFC 9112, 6.1: a server that receives a transfer coding it does not understand \
                  SHOULD respond with 501";
    let every = "RFC 9110, 9.3.7: OPTIONS with an asterisk applies to the server in general";
    cases
        .talk(
            Kind::Positive,
            "half closed",
            vec![Say(usual()), Shut, Hear],
            Heeds::one(&["2xx"], half),
        )
        .beyond()
        .talk(
            Kind::Positive,
            "an empty line first",
            asked(format!("\r\n{}", usual())),
            Heeds::one(&["2xx"], line),
        )
        .beyond()
        .talk(
            Kind::Negative,
            "an unknown method",
            asked(usual().replace("POST ", "BREW ")),
            Heeds::one(&["501", "405", "404", "400"], method),
        )
        .beyond()
        .talk(
            Kind::Negative,
            "an unknown transfer coding",
            asked(format!("{HEAD}transfer-encoding: rot13\r\n\r\n")),
            Heeds::one(&["501", "400"], coding),
        )
        .beyond()
        .talk(
            Kind::Positive,
            "OPTIONS of the server",
            asked("OPTIONS * HTTP/1.1\r\nhost: {{host}}\r\n\r\n".to_owned()),
            Heeds::one(&["2xx", "4xx", "501"], every),
        )
        .beyond()
}
