//! Reads a form (`multipart/form-data`): text fields and one file, each with a limit that is checked while the form
//! streams in.

use axum::body::Body;
use chat::domain::media::OBJECT_MAX_BYTES;
use chat::error::Error;
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::{Map, Value};

/// The name of the field with the file.
const FILE: &str = "media";
/// The most bytes of another field: the longest text, with four bytes per character.
const TEXT_MAX_BYTES: u64 = 16_384;
/// The most fields: more than any client sends.
const FIELDS_MAX: usize = 16;
/// The most bytes of a form: the largest file, every other field, and the bytes around them.
const FORM_MAX_BYTES: u64 = OBJECT_MAX_BYTES + FIELDS_MAX as u64 * 2 * TEXT_MAX_BYTES;

/// What a client sent as `multipart/form-data`: text fields, and at most one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// The text fields. If a name is given twice, the first value counts.
    pub(crate) fields: Map<String, Value>,
    /// The file.
    pub(crate) file: Option<Vec<u8>>,
}

/// The boundary of a form, if the content type says that the body is one.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    multer::parse_boundary(content_type).ok()
}

/// Reads a form.
pub(crate) async fn read(boundary: String, body: Body) -> Result<Form, Error> {
    let limits =
        SizeLimit::new().whole_stream(FORM_MAX_BYTES).per_field(TEXT_MAX_BYTES).for_field(FILE, OBJECT_MAX_BYTES);
    let constraints = Constraints::new().size_limit(limits);
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let mut form = Form::default();
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(refused)? {
        count += 1;
        if count > FIELDS_MAX {
            return Err(Error::validation("body", format!("must have at most {FIELDS_MAX} fields")));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(refused)?;
        if name != FILE {
            let text = String::from_utf8(bytes.into()).map_err(|_| Error::validation(name.clone(), "must be text"))?;
            form.fields.entry(name).or_insert(Value::String(text));
        } else if form.file.replace(bytes.into()).is_some() {
            return Err(Error::validation(FILE, "must be one file"));
        }
    }
    Ok(form)
}

fn refused(error: multer::Error) -> Error {
    let too_large =
        |field, max_bytes: u64| Error::TooLarge { field, max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX) };
    match error {
        multer::Error::FieldSizeExceeded { limit, field_name } if field_name.as_deref() == Some(FILE) => {
            too_large(FILE, limit)
        }
        multer::Error::FieldSizeExceeded { limit, .. } | multer::Error::StreamSizeExceeded { limit } => {
            too_large("body", limit)
        }
        _ => Error::validation("body", "is not a valid form"),
    }
}
