//! Serves a site over HTTP as a good static host would: media types, compression by what the client takes, tags, and
//! names that carry a hash kept for ever. In live mode it rebuilds when a source changes, and open pages reload.
//!
//! Reloading adds a script to the page on its way out, from a file of its own so that the page's content security
//! policy holds. The script asks for the tag of the newest build and waits for the answer until there is another one.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::bundle::bundle;
use crate::site::{Asset, Site};
use crate::watch::Snapshot;

/// Where the script that reloads the page lives, from the base. No file of a site can have this name: dots stay out.
const RELOAD: &str = ".reload.js";
const NEWEST: &str = ".newest";

/// The service worker. A page that changes all the time keeps none, and rids itself of one that was there before.
const KEEPER: &str = "sw.js";
const NO_KEEPER: &str = "addEventListener(\"activate\", () => registration.unregister());\nskipWaiting();\n";

/// How long a request for the newest build may wait.
const WAIT: Duration = Duration::from_secs(25);

/// How long a connection may stay silent before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most bytes of a request that are read.
const LONGEST_HEAD: u64 = 64 * 1024;

const RELOAD_SCRIPT: &str = r#"// Added by `cargo xtask serve`: reloads the page once there is another build than the one it came from.
const seen = new URL(import.meta.url).searchParams.get("seen");
for (;;) {
  try {
    const answer = await fetch(new URL(`.newest?seen=${seen}`, import.meta.url), { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== seen) location.reload();
  } catch {
    await new Promise((resume) => setTimeout(resume, 1000)); // The server is away; it may come back.
  }
}
"#;

/// Where to listen, and the path to serve under.
pub struct Place {
    pub host: String,
    pub port: u16,
    pub base: String,
}

/// A server at work on its own threads.
pub struct Serving {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    base: String,
    live: bool,
    site: Mutex<Arc<Site>>,
    changed: Condvar,
}

/// Serves `dist/` as it stands, until it is stopped.
pub fn still(root: &Path, at: &Place) -> Result<()> {
    let serving = start(Arc::new(Site::read(&root.join("dist"))?), at, false)?;
    println!("serving dist/ at {}", serving.url);
    loop {
        thread::park();
    }
}

/// Builds, serves, and builds again whenever a source changes, until it is stopped.
pub fn live(root: &Path, at: &Place) -> Result<()> {
    let mut seen = Snapshot::take(root);
    let serving = start(Arc::new(with_reload(bundle(root, "")?)), at, true)?;
    loop {
        println!("\nserving at {}; ctrl-c stops it\n", serving.url);
        let changed = seen.wait_for_change(root);
        println!("{} changed", changed.display());
        seen = Snapshot::take(root);
        match bundle(root, "") {
            Ok(site) => serving.publish(site),
            Err(error) => eprintln!("\n{error:#}\nthe last good build stays up"),
        }
    }
}

/// Starts to serve a site.
pub fn start(site: Arc<Site>, at: &Place, live: bool) -> Result<Serving> {
    let base = match at.base.trim_matches('/') {
        "" => "/".to_owned(),
        path => format!("/{path}/"),
    };
    let listener = TcpListener::bind((at.host.as_str(), at.port))
        .with_context(|| format!("cannot listen on {}:{}; try --port 0", at.host, at.port))?;
    let url = format!("http://{}:{}{base}", at.host, listener.local_addr()?.port());
    let site = Mutex::new(site);
    let shared = Arc::new(Shared { base, live, site, changed: Condvar::new() });
    let for_requests = Arc::clone(&shared);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = Arc::clone(&for_requests);
            // The client may be gone; that is its own affair.
            thread::spawn(move || shared.converse(&stream));
        }
    });
    Ok(Serving { url, shared })
}

impl Serving {
    /// Puts a new build up; open pages reload.
    fn publish(&self, site: Site) {
        *self.shared.lock() = Arc::new(with_reload(site));
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Arc<Site>> {
        self.site.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request on a connection, then no more: browsers open connections ahead of need and leave them idle.
    fn converse(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let reply = match Request::read(stream)? {
            Some(request) => self.answer(&request).bytes(request.method != "HEAD"),
            None => Reply::text(400, "no request that this server can read").bytes(true),
        };
        stream.write_all(&reply)?;
        stream.flush()
    }

    fn answer(&self, request: &Request) -> Reply {
        let header = |name: &str| request.header(name);
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        match path.strip_prefix(&self.base) {
            _ if !matches!(request.method.as_str(), "GET" | "HEAD") => {
                Reply::text(405, "only GET and HEAD").with("Allow", "GET, HEAD")
            }
            None if format!("{path}/") == self.base => Reply::text(308, "").with("Location", &self.base),
            None => Reply::text(404, "not under the base path"),
            Some(RELOAD) if self.live => {
                let script = Asset::new(RELOAD, RELOAD_SCRIPT.as_bytes().to_vec());
                Reply::asset(&script, header("Accept-Encoding"), header("If-None-Match"))
            }
            Some(NEWEST) if self.live => {
                let seen = query.strip_prefix("seen=").unwrap_or_default();
                Reply::text(200, &self.newest_but(seen)).with("Cache-Control", "no-store")
            }
            Some(name) => {
                let site = Arc::clone(&self.lock());
                let name = if name.is_empty() { "index.html" } else { name };
                match site.assets.get(name) {
                    Some(asset) => Reply::asset(asset, header("Accept-Encoding"), header("If-None-Match")),
                    None => Reply::text(404, "no such file"),
                }
            }
        }
    }

    /// The tag of the newest build, as soon as it is another than `seen`.
    fn newest_but(&self, seen: &str) -> String {
        let wait = self.changed.wait_timeout_while(self.lock(), WAIT, |site| site.tag == seen);
        wait.unwrap_or_else(PoisonError::into_inner).0.tag.clone()
    }
}

/// The site with the reload script in its pages, which carries the tag of the build they come from.
fn with_reload(mut site: Site) -> Site {
    let script = format!("<script type=\"module\" src=\"{RELOAD}?seen={}\"></script>\n</body>", site.tag);
    for (name, asset) in &mut site.assets {
        if name == KEEPER {
            *asset = Asset::new(name, NO_KEEPER.as_bytes().to_vec());
        } else if name.ends_with(".html") {
            let page = String::from_utf8_lossy(&asset.bytes).replace("</body>", &script);
            *asset = Asset::new(name, page.into_bytes());
        }
    }
    site
}

/// An answer before it is bytes on a wire.
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn text(status: u16, text: &str) -> Self {
        let kind = ("Content-Type", "text/plain; charset=utf-8".to_owned());
        Self { status, headers: vec![kind], body: text.as_bytes().to_vec() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// A file in the best form the client takes, or the word that its copy is still good.
    fn asset(asset: &Asset, accept_encoding: &str, if_none_match: &str) -> Self {
        let brotli = || asset.brotli().filter(|_| takes(accept_encoding, "br"));
        let gzip = || asset.gzip().filter(|_| takes(accept_encoding, "gzip"));
        let (coding, body) = if let Some(body) = brotli() {
            (Some("br"), body)
        } else if let Some(body) = gzip() {
            (Some("gzip"), body)
        } else {
            (None, asset.bytes.as_slice())
        };
        // Each form is another sequence of bytes, so each has a tag of its own.
        let tag =
            format!("\"{}{}\"", asset.tag, coding.map(|coding| format!("-{coding}")).unwrap_or_default());
        let age = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let known = if_none_match.split(',').any(|other| {
            let other = other.trim();
            other == "*" || other.strip_prefix("W/").unwrap_or(other) == tag
        });
        let mut headers =
            vec![("ETag", tag), ("Cache-Control", age.to_owned()), ("Vary", "Accept-Encoding".to_owned())];
        if known {
            return Self { status: 304, headers, body: Vec::new() };
        }
        headers.push(("Content-Type", asset.mime.to_owned()));
        headers.push(("X-Content-Type-Options", "nosniff".to_owned()));
        // A page in a sandboxed frame has no origin, so that its own files are foreign to it.
        headers.push(("Access-Control-Allow-Origin", "*".to_owned()));
        if let Some(coding) = coding {
            headers.push(("Content-Encoding", coding.to_owned()));
        }
        Self { status: 200, headers, body: body.to_vec() }
    }

    /// As it goes over the wire.
    fn bytes(&self, with_body: bool) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            304 => "Not Modified",
            308 => "Permanent Redirect",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            _ => "",
        };
        let mut text = format!("HTTP/1.1 {} {reason}\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 304 {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if with_body {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// What a client asks: all that this server reads of it.
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// `None` when it is no request.
    fn read(stream: impl Read) -> io::Result<Option<Self>> {
        let mut lines = BufReader::new(stream.take(LONGEST_HEAD))
            .split(b'\n')
            .map(|line| line.map(|line| String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()));
        let first = lines.next().transpose()?.unwrap_or_default();
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else {
            return Ok(None);
        };
        if !version.starts_with("HTTP/1.") {
            return Ok(None);
        }
        let mut request = Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new() };
        for line in lines {
            let line = line?;
            match line.split_once(':') {
                Some((name, value)) => {
                    request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
                None if line.is_empty() => return Ok(Some(request)),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// A header, or nothing.
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// Whether a client's `Accept-Encoding` lets a coding in: named, and not at weight 0.
fn takes(accept_encoding: &str, coding: &str) -> bool {
    accept_encoding.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f64>);
        named && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::{RELOAD, Reply, Request, takes, with_reload};
    use crate::site::{Asset, Site};

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_client_chooses_the_coding() {
        assert!(takes("gzip, deflate, br", "br"));
        assert!(takes("BR;q=0.5", "br"));
        assert!(!takes("gzip, br;q=0", "br"));
        assert!(!takes("", "gzip"));
        assert!(!takes("brotli", "br"));
    }

    #[test]
    fn each_form_has_its_own_tag_and_is_known_by_it() {
        let asset = Asset::new("styles-0123456789ab.css", b"a { margin: 0 } ".repeat(100));
        let plain = Reply::asset(&asset, "", "");
        let brotli = Reply::asset(&asset, "br, gzip", "");
        assert_eq!(header(&plain, "Content-Encoding"), None);
        assert_eq!(header(&brotli, "Content-Encoding"), Some("br"));
        assert_ne!(header(&plain, "ETag"), header(&brotli, "ETag"));
        assert!(header(&plain, "Cache-Control").unwrap().contains("immutable"));

        let tag = header(&brotli, "ETag").unwrap();
        let again = Reply::asset(&asset, "br", &format!("\"other\", W/{tag}"));
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(Reply::asset(&asset, "", tag).status, 200);
    }

    #[test]
    fn a_live_page_reloads_and_is_not_kept_for_offline() {
        let files = [("index.html", "<body></body>"), ("sw.js", "keep")];
        let site = Site::new(files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into());
        let live = with_reload(site);
        let text = |name: &str| String::from_utf8(live.assets[name].bytes.clone()).unwrap();
        assert!(text("index.html").contains(&format!("{RELOAD}?seen={}", live.tag)));
        assert!(text("sw.js").contains("unregister") && !text("sw.js").contains("keep"));
    }

    #[test]
    fn a_request_is_read_to_its_empty_line_or_not_at_all() {
        let read = |text: &str| Request::read(text.as_bytes()).unwrap();
        let request = read("GET /a?b HTTP/1.1\r\nHost: x\r\nIf-None-Match:  \"t\" \r\n\r\nrest").unwrap();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/a?b"));
        assert_eq!((request.header("if-none-match"), request.header("Accept")), ("\"t\"", ""));
        for cut in
            ["", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nno header\r\n\r\n", "GET / SPDY\r\n\r\n"]
        {
            assert!(read(cut).is_none(), "{cut}");
        }
    }

    #[test]
    fn a_head_has_the_length_and_not_the_body() {
        let reply = Reply::text(404, "no such file");
        let (whole, head) = (reply.bytes(true), reply.bytes(false));
        assert!(whole.starts_with(&head) && whole.ends_with(b"\r\n\r\nno such file"));
        assert!(String::from_utf8(head).unwrap().contains("\r\nContent-Length: 12\r\n"));
    }
}
