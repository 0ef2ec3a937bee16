//! What acks and REST bodies have around a shape: `success`, a message, the position in a list.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::dialect::json::{Always, value};
use crate::dialect::shapes::ErrorObject;
use crate::domain::notice::Paging;
use crate::domain::page::Page;

/// An ack for a success: `success` beside the fields of `T`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(inline))]
pub(super) struct Success<T> {
    success: Always<true>,
    #[serde(flatten)]
    fields: T,
}

impl<T> Success<T> {
    /// A success with these fields.
    pub(super) const fn with(fields: T) -> Self {
        Self { success: Always, fields }
    }
}

/// The fields of an ack that has none beside `success`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct NoFields {}

/// An ack for a success, with these fields.
pub(super) fn success(fields: impl Serialize) -> Map<String, Value> {
    match value(&Success::with(fields)) {
        Value::Object(ack) => ack,
        _ => Map::new(),
    }
}

/// The position of a list in the whole: `P` for a numbered page.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(inline))]
#[serde(untagged)]
pub(super) enum Pagination<P> {
    Page(P),
    After(AfterSeq),
}

/// The position of a list that was asked for with `afterSeq`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct AfterSeq {
    /// The most messages that were asked for.
    limit: u64,
    /// The number of messages in the chat.
    total: u64,
    /// Whether more messages follow.
    has_more: bool,
}

/// The pagination of a list. `numbered` builds the pagination of a numbered page of so many entries.
pub(super) fn pagination<P>(paging: &Paging, numbered: impl Fn(Page, u64) -> P) -> Pagination<P> {
    match *paging {
        Paging::Page { page, total } => Pagination::Page(numbered(page, total)),
        Paging::After { limit, total, has_more } => Pagination::After(AfterSeq { limit, total, has_more }),
    }
}

/// The numbered pages of most lists.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct NumberedPage {
    /// The number of the page, from 1.
    page: u64,
    /// The entries per page.
    limit: u64,
    /// The exact number of entries.
    total: u64,
}

impl NumberedPage {
    /// The page `page` of so many entries.
    pub(super) const fn new(page: Page, total: u64) -> Self {
        Self { page: page.number, limit: page.limit, total }
    }
}

/// A REST body with an envelope of a message: `{success,message,data}`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(inline))]
pub(super) struct Told<T> {
    success: Always<true>,
    /// What was done, for people.
    message: &'static str,
    data: T,
}

impl<T> Told<T> {
    /// The body with this message and this data.
    pub(super) const fn new(message: &'static str, data: T) -> Self {
        Self { success: Always, message, data }
    }
}

/// A REST body with a plain envelope: `{success,data}`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(inline))]
pub(super) struct Data<T> {
    success: Always<true>,
    data: T,
}

impl<T> Data<T> {
    /// The body with this data.
    pub(super) const fn new(data: T) -> Self {
        Self { success: Always, data }
    }
}

/// A REST body with a part of a list: `{success,data,pagination}`.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "contracts", schemars(inline))]
pub(super) struct List<T, P> {
    success: Always<true>,
    data: Vec<T>,
    pagination: Pagination<P>,
}

impl<T, P> List<T, P> {
    /// The body with these entries, at this position of the whole.
    pub(super) const fn new(data: Vec<T>, pagination: Pagination<P>) -> Self {
        Self { success: Always, data, pagination }
    }
}

/// The body of a REST request that failed.
#[derive(Serialize)]
#[cfg_attr(feature = "contracts", derive(schemars::JsonSchema))]
pub(super) struct Failure {
    success: Always<false>,
    #[serde(flatten)]
    error: ErrorObject,
}

/// The REST body of an error in most dialects.
pub(super) fn failure(error: ErrorObject) -> Value {
    value(&Failure { success: Always, error })
}
