//! A shop on the web: what a merchant's server would be, on an origin of its own.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The shop; it ends with the test's process.
pub struct Store {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    pages: HashMap<String, String>,
    visits: Vec<String>,
}

impl Store {
    pub fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Mutex::new(Desk::default()));
        let shared = Arc::clone(&desk);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A browser opens connections that it may never use.
                let desk = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &desk));
            }
        });
        Self { address, desk }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Shows a page at `path`; every other path has the same page.
    pub fn show(&self, path: &str, html: &str) {
        let mut desk = self.desk.lock().unwrap();
        desk.pages.insert(path.to_owned(), html.to_owned());
    }

    /// The paths with queries that browsers came to since this was last asked.
    pub fn visits(&self) -> Vec<String> {
        std::mem::take(&mut self.desk.lock().unwrap().visits)
    }
}

fn serve(mut stream: TcpStream, desk: &Mutex<Desk>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let page = {
        let mut desk = desk.lock().unwrap();
        let page = desk.pages.get(&path).cloned();
        if path != "/favicon.ico" {
            desk.visits.push(path);
        }
        page
    };
    let page = page.unwrap_or_else(|| {
        "<!doctype html><html lang=en><title>Shop</title><h1 id=shop>Shop</h1>".to_owned()
    });
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
}
