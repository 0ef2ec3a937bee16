//! Buckets.

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The name of the bucket, which is the first part of a path.
    pub name: String,
    /// The rules by which old objects are removed.
    pub expirations: Vec<Expiration>,
    /// The requests that pages of other origins may make; without it, none.
    pub cors: Option<CorsRule>,
}

/// A rule by which old objects are removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiration {
    /// The prefix of their keys.
    pub prefix: String,
    /// The maximum age of an object, in days.
    pub days: u32,
}

/// The requests that pages of some origins may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsRule {
    /// The origins; `*` is any.
    pub origins: Vec<String>,
    /// The methods.
    pub methods: Vec<String>,
    /// The headers that a request may have; `*` is any.
    pub headers: Vec<String>,
    /// The headers of a response that a page may see.
    pub exposed: Vec<String>,
}
