//! The properties of `AWS::Serverless::WebSocketApi` and `AWS::Serverless::HttpApi`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Resources;
use super::function::Names;
use crate::template::{TemplateError, WebSocketApi};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct WebSocketProperties {
    #[serde(rename = "Name")]
    _name: IgnoredAny,
    pub(super) stage_name: String,
    route_selection_expression: String,
    default_route_settings: Option<RouteSettings>,
    // The local system prints what its gateway refuses by itself.
    #[serde(rename = "AccessLogSettings")]
    _access_log: Option<IgnoredAny>,
    routes: BTreeMap<String, Route>,
}

/// The settings of all routes. The burst must be the same as the rate per second.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RouteSettings {
    throttling_rate_limit: u32,
    throttling_burst_limit: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Route {
    function_arn: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpProperties {
    #[serde(rename = "Name")]
    _name: IgnoredAny,
    // There is no other address here.
    #[serde(rename = "DisableExecuteApiEndpoint")]
    _disable_endpoint: Option<IgnoredAny>,
    #[serde(rename = "FailOnWarnings")]
    _fail_on_warnings: Option<IgnoredAny>,
    #[serde(rename = "DefaultRouteSettings")]
    _default_route_settings: Option<IgnoredAny>,
    #[serde(rename = "AccessLogSettings")]
    _access_log: Option<IgnoredAny>,
}

/// Reads the one WebSocket API.
pub(super) fn websocket(resources: &Resources, names: &Names) -> Result<WebSocketApi, TemplateError> {
    let mut all = resources.websockets.iter();
    let (Some((id, properties)), None) = (all.next(), all.next()) else {
        return Err(TemplateError::refused("Resources", "there must be one WebSocket API"));
    };
    let place = format!("Resources.{id}.Properties");
    let mut routes = BTreeMap::new();
    for (key, route) in &properties.routes {
        let problem = || TemplateError::refused(format!("{place}.Routes.{key}"), "FunctionArn is of no function here");
        routes.insert(key.clone(), names.package(&route.function_arn).ok_or_else(problem)?.clone());
    }
    let settings = properties.default_route_settings.as_ref();
    if settings.is_some_and(|settings| settings.throttling_rate_limit != settings.throttling_burst_limit) {
        return Err(TemplateError::refused(place, "rate and burst of DefaultRouteSettings must be the same"));
    }
    Ok(WebSocketApi {
        id: id.to_ascii_lowercase(),
        stage: properties.stage_name.clone(),
        selection_expression: properties.route_selection_expression.clone(),
        routes,
        requests_per_second: settings.map(|settings| settings.throttling_rate_limit),
    })
}
