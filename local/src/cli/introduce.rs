//! Makes the user of a token known to a running system, as their first request does.

use std::time::Duration;

use http::Uri;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request that changes nothing, in a dialect that is always there.
const PATH: &str = "/recruiting/api/message/unread-count";
/// How long the system may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of the answer is read, in bytes.
const ANSWER_MAX_BYTES: u64 = 64 * 1024;

/// Sends the request to the system at this address, such as `http://localhost:3000`.
///
/// # Errors
/// If nothing answers there, or the token is refused.
pub(crate) async fn introduce(address: &Uri, token: &str) -> Result<(), String> {
    let failed = |problem: String| format!("--introduce {address}: {problem}");
    let authority = address.authority().filter(|_| address.scheme_str() == Some("http"));
    let Some(authority) = authority else { return Err(failed("must be like http://localhost:3000".to_owned())) };
    let answer = timeout(PATIENCE, answer(authority.host(), authority.port_u16().unwrap_or(80), token)).await;
    let answer = answer.map_err(|_| failed("does not answer".to_owned()))?;
    let answer = answer.map_err(|error| failed(format!("does not answer: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" { Ok(()) } else { Err(failed(format!("refused the token with {status}: {body}"))) }
}

async fn answer(host: &str, port: u16, token: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
