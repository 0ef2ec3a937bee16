//! The type of a file, decided by its bytes alone. Neither its name nor what its sender says about it counts.

use infer::MatcherType;

use crate::domain::message::MessageKind;

/// How many of the first bytes are enough to recognize a type. No signature of a picture or a video reaches further.
pub const SIGNATURE_BYTES: usize = 4_096;

/// The type of a picture or a video, as its bytes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// The media type, such as `image/png`.
    pub name: &'static str,
    /// The file extension for this type, without the dot.
    pub extension: &'static str,
    /// The kind of message that shows a file of this type.
    pub kind: MessageKind,
}

impl MediaType {
    /// Recognizes the type from the first bytes of a file. `None` for everything that is neither a picture nor a video.
    /// An SVG is a document that may contain scripts, so it is not accepted.
    #[must_use]
    pub fn judge(bytes: &[u8]) -> Option<Self> {
        let found = infer::get(bytes.get(..SIGNATURE_BYTES).unwrap_or(bytes))?;
        let kind = match found.matcher_type() {
            MatcherType::Image => MessageKind::Image,
            MatcherType::Video => MessageKind::Video,
            _ => return None,
        };
        Some(Self { name: found.mime_type(), extension: found.extension(), kind })
    }
}

/// Whether a browser may show a file of this type by itself. It must save every other type.
#[must_use]
pub fn is_shown(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let of_a_kind = name.starts_with("image/") || name.starts_with("video/");
    of_a_kind && !name.starts_with("image/svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
        MediaType::judge(bytes).map(|found| (found.name, found.kind.name()))
    }

    #[test]
    fn signatures_decide() {
        assert_eq!(judged(b"\x89PNG\r\n\x1a\n"), Some(("image/png", "image")));
        assert_eq!(judged(b"\xff\xd8\xff\xe0 and so on"), Some(("image/jpeg", "image")));
        assert_eq!(judged(b"GIF89a/*<script>alert(1)</script>*/"), Some(("image/gif", "image")));
        assert_eq!(judged(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"), Some(("video/mp4", "video")));
        assert_eq!(judged(b"%PDF-1.7"), None);
        assert_eq!(judged(b"PK\x03\x04"), None);
        assert_eq!(judged(b"<!DOCTYPE html><html>"), None);
        assert_eq!(judged(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), None);
        assert_eq!(judged(b"<?xml version=\"1.0\"?><svg/>"), None);
        assert_eq!(judged(b"ID3\x03"), None);
        assert_eq!(judged(b""), None);
    }

    #[test]
    fn only_pictures_and_films_are_shown() {
        assert!(is_shown("image/png") && is_shown("Video/MP4; codecs=x"));
        for other in ["image/svg+xml", "IMAGE/SVG+XML", "text/html", "application/pdf", "audio/mpeg", "imagery", ""] {
            assert!(!is_shown(other), "{other}");
        }
    }
}
