//! The operation Scan: reads the items of a whole table or index.

use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};

use crate::expression::{Placeholders, normalize_values};
use crate::page::{Page, Reading, Selection, start_of};
use crate::refusal::Refusal;
use crate::request::Response;
use crate::state::{Outcome, State, refuse, table_name};

/// Performs a Scan: returns a page of the items of a table or an index. They come in the order of their keys.
/// DynamoDB's order is that of a hash of the partition keys, and it does not promise any.
pub(crate) fn scan(state: &mut State, mut input: ScanInput) -> Result<Outcome, Refusal> {
    let name = table_name(input.table_name.as_deref())?;
    refuse(&[
        ("AttributesToGet", input.attributes_to_get.is_some()),
        ("ScanFilter", input.scan_filter.is_some()),
        ("ConditionalOperator", input.conditional_operator.is_some()),
        ("Segment", input.segment.is_some()),
        ("TotalSegments", input.total_segments.is_some()),
    ])?;
    normalize_values(input.expression_attribute_values.as_mut())?;
    let placeholders =
        Placeholders::new(input.expression_attribute_names.as_ref(), input.expression_attribute_values.as_ref());
    let selection = Selection {
        index: input.index_name.as_deref(),
        filter: input.filter_expression.as_deref(),
        projection: input.projection_expression.as_deref(),
        select: input.select.as_ref(),
        limit: input.limit,
        is_consistent: input.consistent_read.unwrap_or_default(),
        placeholders,
    };
    let reading = Reading::new(&mut state.expressions, selection)?;
    reading.check_placeholders(None)?;
    let table = state.table(name)?.table;
    let index = reading.index(table)?;
    reading.check_filter(&table.schema.key, true)?;
    let start = input.exclusive_start_key.take().map(|start| start_of(table, index, start)).transpose()?;
    let rows = table.rows(index);
    let page = match start {
        None => reading.page(table, index, rows.all()),
        Some(start) => reading.page(table, index, rows.after(start)),
    };
    let Page { items, count, scanned, last, units } = page;
    let output = ScanOutput::builder()
        .set_items(items)
        .count(count)
        .scanned_count(scanned)
        .set_last_evaluated_key(last)
        .set_consumed_capacity(reading.answer(table, &units, input.return_consumed_capacity.as_ref()));
    Ok(Outcome::read(Response::Scan(output.build()), units.total()))
}
