//! Buckets.

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name, the first part of a path.
    pub name: String,
    /// Objects that are removed when they are old.
    pub expirations: Vec<Expiration>,
    /// Which pages may ask for what; without it, none.
    pub cors: Option<CorsRule>,
}

/// A rule by which objects are removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiration {
    /// What their keys begin with.
    pub prefix: String,
    /// How old they may become.
    pub days: u32,
}

/// What pages of some origins may ask for.
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
