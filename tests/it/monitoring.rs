//! infra/monitoring.yaml and docs/operating.md: whatever they name exists, and whatever exists they name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use local::template::Template;
use serde_json::Value;

const MONITORING: &str = include_str!("../../infra/monitoring.yaml");

fn page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join("docs").join("operating").with_extension("md")).unwrap()
}

fn template(isolation: &str) -> Template {
    local::cloud::template(&BTreeMap::from([("HandlerIsolation".to_owned(), isolation.to_owned())])).unwrap()
}

/// The metrics that the functions write, and the one of the metric filters.
fn metrics() -> BTreeSet<String> {
    let written = relay::invocation::METRICS.into_iter().chain(chat::telemetry::METRICS).map(|metric| metric.name);
    written.chain(["InternalErrors"]).map(str::to_owned).collect()
}

/// The names of functions without the name of the stack.
fn functions() -> BTreeSet<String> {
    let names = template("separate").functions.into_values().map(|function| function.name);
    names.map(|name| name.strip_prefix("parlance-").unwrap().to_owned()).collect()
}

/// The texts that stand after `before` and in front of one of `ends`.
fn after(text: &str, before: &str, ends: &[char]) -> BTreeSet<String> {
    text.split(before).skip(1).map(|rest| rest.split(ends).next().unwrap().to_owned()).collect()
}

/// The resources of this type in a template, by name, each with its text.
fn resources(template: &str, kind: &str) -> BTreeMap<String, String> {
    let (_, resources) = template.split_once("\nResources:\n").unwrap();
    let (resources, _) = resources.split_once("\nOutputs:\n").unwrap();
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in resources.lines() {
        let name = line.strip_prefix("  ").filter(|line| !line.starts_with([' ', '#']));
        if let Some(name) = name.and_then(|line| line.strip_suffix(':')) {
            name.clone_into(&mut current);
        }
        all.entry(current.clone()).or_default().push_str(&format!("{line}\n"));
    }
    all.retain(|_, text| text.contains(&format!("Type: {kind}\n")));
    all
}

fn alarms() -> BTreeMap<String, String> {
    resources(MONITORING, "AWS::CloudWatch::Alarm")
}

#[test]
fn alarms_and_dashboard_name_metrics_that_are_written_and_the_dashboard_names_all() {
    let known = metrics();
    let of_alarms: BTreeSet<String> = alarms()
        .values()
        .filter(|alarm| alarm.contains("Namespace: !Ref SystemStackName"))
        .flat_map(|alarm| after(alarm, "MetricName: ", &['\n', ',']))
        .collect();
    assert!(!of_alarms.is_empty() && of_alarms.is_subset(&known), "{of_alarms:?}");
    assert_eq!(after(MONITORING, "[\"${SystemStackName}\", \"", &['"']), known, "the dashboard");
}

#[test]
fn alarms_and_dashboard_name_functions_that_exist_and_the_dashboard_names_all() {
    let known = functions();
    let named = after(MONITORING, "${SystemStackName}-", &['"', '\'']);
    let queue = "failures".to_owned();
    assert!(local::cloud::TEMPLATE.contains("QueueName: !Sub ${AWS::StackName}-failures"));
    assert_eq!(named, known.iter().cloned().chain([queue]).collect());
    let (_, dashboard) = MONITORING.split_once("  Dashboard:\n").unwrap();
    for metric in ["Invocations", "Duration", "Errors", "Throttles", "AsyncEventsDropped"] {
        let shown = after(dashboard, &format!("\"{metric}\", \"FunctionName\", \"${{SystemStackName}}-"), &['"']);
        assert_eq!(shown, known, "{metric}");
    }
}

#[test]
fn the_dashboard_is_json_and_its_widgets_do_not_overlap() {
    let (_, body) = MONITORING.split_once("          {\"widgets\"").unwrap();
    let (body, _) = body.split_once("]}\n        - WebSocketApi").unwrap();
    let dashboard: Value = serde_json::from_str(&format!("{{\"widgets\"{body}]}}")).unwrap();
    let widgets = dashboard["widgets"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    for widget in widgets {
        let number = |name: &str| widget[name].as_u64().unwrap();
        assert!(number("x") + number("width") <= 24, "{widget}");
        assert!(taken.insert((number("x"), number("y"))), "{widget}");
    }
    assert!(widgets.len() > 10, "{widgets:?}");
}

#[test]
fn tables_and_indexes_exist_and_all_are_watched() {
    let template = template("separate");
    let mut expected = BTreeSet::new();
    for (id, table) in &template.tables {
        assert!(local::cloud::TEMPLATE.contains(&format!("\n  {id}Table:\n")), "{id} is an output");
        expected.insert(format!("!Ref {id}Table }}]"));
        let indexes = table.schema.global_indexes.iter();
        expected.extend(
            indexes.map(|index| {
                format!("!Ref {id}Table }}, {{ Name: GlobalSecondaryIndexName, Value: {} }}]", index.name)
            }),
        );
    }
    for alarm in ["ReadsThrottled", "WritesThrottled"] {
        assert_eq!(after(&alarms()[alarm], "Name: TableName, Value: ", &['\n']).len(), expected.len(), "{alarm}");
        for watched in &expected {
            assert!(alarms()[alarm].contains(watched), "{alarm}: {watched}");
        }
    }
}

#[test]
fn an_alarm_on_durations_begins_at_four_fifths_of_the_time_out() {
    let mut watched = BTreeSet::new();
    for isolation in ["separate", "inline"] {
        let functions = template(isolation).functions;
        for (name, alarm) in alarms().into_iter().filter(|(_, alarm)| alarm.contains("MetricName: Duration")) {
            let [threshold] = after(&alarm, "Threshold: ", &['\n']).into_iter().collect::<Vec<_>>().try_into().unwrap();
            let threshold = match threshold.strip_prefix("!If [HandlersInline, ") {
                Some(choice) => {
                    let (inline, separate) = choice.trim_end_matches(']').split_once(", ").unwrap();
                    if isolation == "inline" { inline.to_owned() } else { separate.to_owned() }
                }
                None => threshold,
            };
            for package in after(&alarm, "${SystemStackName}-", &['"']) {
                let millis = functions[&package].timeout.as_millis();
                assert_eq!(threshold.parse::<u128>().unwrap(), millis * 4 / 5, "{name}: {package}, {isolation}");
                watched.insert(package);
            }
        }
    }
    let waits_by_design = ["handshake", "polling"].map(str::to_owned);
    assert_eq!(watched.into_iter().chain(waits_by_design).collect::<BTreeSet<_>>(), functions());
}

#[test]
fn every_function_that_is_invoked_asynchronously_is_watched_for_dropped_events() {
    let template = template("separate");
    let answers_requests = |package: &str| template.http_routes.iter().any(|route| route.function == package);
    let invoked: BTreeSet<String> =
        functions().into_iter().filter(|package| !answers_requests(package) && package != "switchboard").collect();
    let watched = ["DroppedEvents", "DroppedWork"].map(|alarm| after(&alarms()[alarm], "${SystemStackName}-", &['"']));
    assert_eq!(watched.into_iter().flatten().collect::<BTreeSet<_>>(), invoked);
}

#[test]
fn an_alarm_has_at_most_ten_metrics_tells_somebody_and_is_quiet_without_data() {
    for (name, alarm) in alarms() {
        assert!(alarm.matches("- Id: ").count() < 10, "{name}: an alarm takes ten metrics, their sum included");
        let told = "AlarmActions: !If [TopicMade, [!Ref AlarmTopic], !If [TopicGiven, [!Ref AlarmTopicArn], ";
        assert!(alarm.contains(told) && alarm.contains("TreatMissingData: notBreaching"), "{name}");
    }
}

#[test]
fn the_page_says_of_every_alarm_and_metric_what_it_means() {
    let of_system = resources(local::cloud::TEMPLATE, "AWS::CloudWatch::Alarm");
    assert!(of_system.len() > 14 && alarms().len() > 14, "{} and {}", of_system.len(), alarms().len());
    let page = page();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let first_cells: Vec<&str> = rows.iter().map(|row| row.split(" | ").next().unwrap()).collect();
    let explained: BTreeSet<String> = first_cells.iter().flat_map(|cell| after(cell, "`", &['`'])).collect();
    let names = of_system.into_keys().chain(alarms().into_keys());
    for name in names.chain(metrics()) {
        assert!(explained.contains(&name), "docs/operating.md does not explain {name}");
    }
}

#[test]
fn the_queries_of_the_page_name_members_of_the_line() {
    let members = [
        "target",
        "level",
        "function",
        "requestId",
        "traceId",
        "connectionId",
        "event",
        "dialect",
        "outcome",
        "status",
        "durationMs",
        "cold",
        "awsRequests",
        "readUnits",
        "writeUnits",
        "posts",
    ];
    let page = page();
    let (_, line) = page.split_once("### The line").unwrap();
    let (line, queries) = line.split_once("## Queries").unwrap();
    for member in members {
        assert!(line.contains(&format!("`{member}`")) || line.contains(&format!("\"{member}\"")), "{member}");
    }
    for summed in after(queries, "sum(", &[')']).into_iter().chain(after(queries, "filter ", &[' '])) {
        let of_lambda = summed.starts_with('@');
        assert!(of_lambda || members.contains(&summed.as_str()), "{summed} is no member of the line");
    }
}
