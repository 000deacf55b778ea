//! A transcript as an HTTP archive (HAR 1.2), which browsers and other tools can open.

use super::exchange::{Answer, FORMAT, Recorded, Request, VERSION};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::parse;

/// The only page of an archive: Firefox and Safari need one.
const PAGE: &str = "transcript";
/// Prefix of a line in a comment, as the format has no other field for the endpoint.
const ENDPOINT: &str = "endpoint ";
const MERCHANT: &str = "merchant ";
const ERROR: &str = "error ";
/// The end of an archive that this program writes.
pub const HAR_END: &str = "\n]}}\n";

/// The beginning of an archive that this program writes.
pub fn archive_start(at: &str) -> String {
    let page = json!({
        "startedDateTime": at,
        "id": PAGE,
        "title": FORMAT,
        "pageTimings": {},
    });
    let creator = json!({"name": FORMAT, "version": VERSION.to_string()});
    format!(
        "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":[{page}],\"entries\":["
    )
}

/// An exchange as an entry of an archive.
pub fn archive_entry(recorded: &Recorded) -> Value {
    let Recorded {
        request, answer, ..
    } = recorded;
    let row = |(name, value): &(String, String)| json!({"name": name, "value": value});
    let rows = |list: &[(String, String)]| list.iter().map(row).collect::<Vec<_>>();
    let query = request.query.as_deref().unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    let url = format!("{}{}{mark}{query}", recorded.server, request.path);
    let pairs = parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
    // In milliseconds.
    let took = std::time::Duration::from_micros(recorded.took_us).as_secs_f64() * 1e3;
    let mut sent = json!({
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": rows(&request.headers),
        "queryString": rows(&pairs),
        "headersSize": -1,
        "bodySize": request.body.as_ref().map_or(json!(-1), |body| body.len().into()),
    });
    if let Some(body) = &request.body {
        let kind = request.header("content-type").unwrap_or_default();
        sent["postData"] = json!({"mimeType": kind, "params": [], "text": body});
    }
    let none = Answer::default();
    let got = answer.as_ref().unwrap_or(&none);
    let header = |name: &str| {
        let found = got.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let mut content = json!({"size": got.length, "mimeType": header("content-type")});
    if let Some(body) = &got.body {
        content["text"] = body.as_str().into();
    }
    let mut entry = json!({
        "pageref": PAGE,
        "startedDateTime": recorded.at,
        "time": took,
        "request": sent,
        "response": {
            "status": got.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": rows(&got.headers),
            "content": content,
            "redirectURL": header("location"),
            "headersSize": -1,
            "bodySize": got.length,
        },
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    });
    let lines = [
        (ENDPOINT, &recorded.endpoint),
        (MERCHANT, &recorded.client_id),
        (ERROR, &recorded.error),
    ];
    let lines = lines.into_iter().filter_map(|(name, value)| {
        let value = value.as_ref()?;
        Some(format!("{name}{value}"))
    });
    let comment = lines.collect::<Vec<_>>().join("\n");
    if !comment.is_empty() {
        entry["comment"] = comment.into();
    }
    entry
}

/// The parts of an archive that are read.
#[derive(Deserialize)]
pub(super) struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: String,
    #[serde(default)]
    time: f64,
    request: Sent,
    response: Got,
    comment: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    method: String,
    url: String,
    headers: Vec<Row>,
    post_data: Option<Content>,
}

#[derive(Deserialize)]
struct Got {
    status: u16,
    headers: Vec<Row>,
    content: Content,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    size: i64,
    text: Option<String>,
    encoding: Option<String>,
}

/// Reads the exchanges of an archive, whatever program wrote it.
pub(super) fn read(text: &str) -> Result<Vec<Recorded>, String> {
    let archive: Archive = serde_json::from_str(text)
        .map_err(|error| format!("is not an HTTP archive that can be read: {error}"))?;
    let entries = archive.log.entries.into_iter().enumerate();
    entries
        .map(|(at, entry)| recorded(entry).map_err(|why| format!("entry {}: {why}", at + 1)))
        .collect()
}

fn recorded(entry: Entry) -> Result<Recorded, String> {
    let url = &entry.request.url;
    let parsed = Url::parse(url).map_err(|error| format!("`{url}`: {error}"))?;
    // As written, without normalization.
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    let path = path.split('#').next().unwrap_or_default();
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (path, None),
    };
    let rows = |rows: Vec<Row>| {
        // Browsers include the pseudo-header fields of HTTP/2.
        let rows = rows.into_iter().filter(|row| !row.name.starts_with(':'));
        let row = |row: Row| (row.name.to_ascii_lowercase(), row.value);
        rows.map(row).collect::<Vec<_>>()
    };
    let Got {
        status,
        headers,
        content,
    } = entry.response;
    // Anything but text is in base64.
    let text = content.text.filter(|_| content.encoding.is_none());
    let answer = (status != 0).then(|| Answer {
        status,
        headers: rows(headers),
        body: text,
        length: usize::try_from(content.size).unwrap_or(0),
    });
    let comment = entry.comment.unwrap_or_default();
    let said = |name: &str| {
        let line = comment.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::to_owned)
    };
    Ok(Recorded {
        at: entry.started_date_time,
        client_id: said(MERCHANT),
        endpoint: said(ENDPOINT),
        server: parsed.origin().ascii_serialization(),
        request: Request {
            method: entry.request.method,
            path: path.to_owned(),
            query,
            headers: rows(entry.request.headers),
            body: entry.request.post_data.and_then(|data| data.text),
        },
        error: said(ERROR),
        answer,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float becomes the nearest integer that there is"
        )]
        took_us: (entry.time * 1e3).max(0.0) as u64,
    })
}
