//! The properties of `AWS::Lambda::EventSourceMapping`, for the stream of a table.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::function::{FromTheFirst, ResponseType};
use super::{Resources, stream_of};
use crate::template::filter::Filter;
use crate::template::{StreamSource, TemplateError};

/// All of them are required, because the cloud's defaults are retries without end and no batches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Properties {
    function_name: String,
    event_source_arn: String,
    #[serde(rename = "StartingPosition")]
    _starting_position: FromTheFirst,
    batch_size: usize,
    maximum_batching_window_in_seconds: u64,
    function_response_types: Vec<ResponseType>,
    bisect_batch_on_function_error: bool,
    maximum_retry_attempts: u32,
    maximum_record_age_in_seconds: u64,
    filter_criteria: FilterCriteria,
    #[serde(rename = "DestinationConfig")]
    destination_config: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct FilterCriteria {
    filters: Vec<FilterProperties>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct FilterProperties {
    pattern: String,
}

impl Properties {
    /// The source of records that this is.
    pub(super) fn source(&self, resources: &Resources, place: &str) -> Result<StreamSource, TemplateError> {
        let refused = |problem: String| TemplateError::refused(place, problem);
        let function = resources.functions.values().find(|function| function.name() == self.function_name);
        let function = function.ok_or_else(|| refused("FunctionName must be a reference to a function".to_owned()))?;
        let ending = |table: &str| format!(":{}", stream_of(table));
        let tables = resources.tables.iter().filter(|(_, table)| table.stream.is_some());
        let (table, _) = tables
            .into_iter()
            .find(|(table, _)| self.event_source_arn.ends_with(&ending(table)))
            .ok_or_else(|| refused("EventSourceArn must be the StreamArn of a table with a stream".to_owned()))?;
        let filters = self.filter_criteria.filters.iter().map(|filter| Filter::read(&filter.pattern).map_err(refused));
        Ok(StreamSource {
            function: function.package(place)?.to_owned(),
            table: table.clone(),
            arn: self.event_source_arn.clone(),
            batch_size: self.batch_size.max(1),
            window: Duration::from_secs(self.maximum_batching_window_in_seconds),
            partial_failures: !self.function_response_types.is_empty(),
            bisected: self.bisect_batch_on_function_error,
            retries: self.maximum_retry_attempts,
            max_age: Duration::from_secs(self.maximum_record_age_in_seconds),
            failures_kept: self.destination_config.is_some(),
            filters: filters.collect::<Result<_, _>>()?,
        })
    }
}
