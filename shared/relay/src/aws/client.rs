//! Signed requests to Lambda, S3, Secrets Manager, SQS, SNS and EventBridge, of which Parlance needs eleven operations.
//! Their SDK crates have hundreds, and take longer to compile than everything else together.
//!
//! A request is sent by the runtime of the SDK, like those of DynamoDB and `@connections`: with its credentials,
//! signatures, timeouts, retries and connections.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials as _;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::recursion_detection::RecursionDetectionInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::defaults::{DefaultPluginParams, default_plugins};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthScheme};
use aws_smithy_runtime_api::client::endpoint::{EndpointResolverParams, SharedEndpointResolver};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::interceptors::context::{self, Input, Output};
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, Metadata, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_types::region::{Region, SigningRegion};
use aws_types::sdk_config::SharedCredentialsProvider;
use aws_types::{SdkConfig, SigningName};

use super::request::{Answer, Refusal, Request, RequestError};
use super::service::Service;
use crate::invocation::CountRequests;

/// A client of one service at one endpoint.
#[derive(Clone, Debug)]
pub struct SignedClient {
    service: Service,
    endpoint: String,
    region: Option<Region>,
    credentials: Option<SharedCredentialsProvider>,
    plugins: RuntimePlugins,
}

impl SignedClient {
    /// Creates a client of a service at an endpoint, which may end in a path. `partition` names its retry allowance.
    pub(super) fn new(aws: &SdkConfig, service: Service, endpoint: String, partition: &'static str) -> Self {
        let (region, credentials) = (aws.region().cloned(), aws.credentials_provider());
        let mut config = Layer::new("request");
        config.store_put(SigV4OperationSigningConfig {
            region: region.clone().map(SigningRegion::from),
            region_set: None,
            name: Some(SigningName::from_static(service.signing_name())),
            signing_options: service.signing_options(),
        });
        config.store_put(SensitiveOutput);
        config.store_put(AuthSchemeOptionResolverParams::new(()));
        config.store_put(EndpointResolverParams::new(()));
        config.store_put(RetryPartition::custom(partition).build());
        config.store_put(SharedRequestSerializer::new(Serializer));
        config.store_or_unset(aws.retry_config().cloned());
        config.store_or_unset(aws.timeout_config().cloned());
        if let Some(protection) = aws.stalled_stream_protection() {
            config.store_put(protection);
        }
        let defaults = DefaultPluginParams::new().with_retry_partition_name(partition).with_is_aws_sdk(true);
        let defaults = match aws.behavior_version() {
            Some(version) => defaults.with_behavior_version(version),
            None => defaults,
        };
        let components = components(aws, &endpoint, credentials.clone());
        let own = StaticRuntimePlugin::new().with_config(config.freeze()).with_runtime_components(components);
        let plugins = RuntimePlugins::new().with_client_plugins(default_plugins(defaults)).with_client_plugin(own);
        Self { service, endpoint, region, credentials, plugins }
    }

    /// Makes a request, and again if that may help. Reads the whole answer.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn send(&self, request: Request) -> Result<Answer, RequestError> {
        self.invoke(request, false).await
    }

    /// Makes a request, and again if that may help. The body of the answer has not been read yet.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn fetch(&self, request: Request) -> Result<Answer, RequestError> {
        self.invoke(request, true).await
    }

    async fn invoke(&self, request: Request, is_streamed: bool) -> Result<Answer, RequestError> {
        let (service, operation) = (self.service.id(), request.operation);
        let mut config = Layer::new("operation");
        config.store_put(Metadata::new(operation, service));
        config.store_put(SharedResponseDeserializer::new(Deserializer { is_streamed }));
        let plugins =
            self.plugins.clone().with_operation_plugin(StaticRuntimePlugin::new().with_config(config.freeze()));
        let input = Input::erase(request);
        let answer = aws_smithy_runtime::client::orchestrator::invoke(service, operation, input, &plugins).await;
        let failed = |source: BoxError| RequestError::Failed { service, operation, source };
        match answer {
            Ok(output) => match output.downcast::<HttpResponse>() {
                Ok(response) => Ok(Answer(response)),
                Err(_) => Err(failed("the answer has another type".into())),
            },
            Err(SdkError::ServiceError(error)) => match error.into_err().downcast::<Refusal>() {
                Ok(refusal) => Err(RequestError::Refused { service, operation, refusal }),
                Err(error) => Err(failed(error.into())),
            },
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Signs the address of a request, so that everybody can make it who has the address. The headers of the request
    /// are part of the signature: they must be sent as they are here. The body may be any.
    ///
    /// # Errors
    /// [`RequestError::Failed`] if there are no credentials, or if the request has no valid form.
    pub async fn presign(&self, request: Request, from: SystemTime, life: Duration) -> Result<String, RequestError> {
        let (service, operation) = (self.service.id(), request.operation);
        let signed = self.signed_address(request, from, life).await;
        signed.map_err(|source| RequestError::Failed { service, operation, source })
    }

    async fn signed_address(&self, request: Request, from: SystemTime, life: Duration) -> Result<String, BoxError> {
        let credentials = self.credentials.as_ref().ok_or("there are no credentials")?;
        let identity = credentials.provide_credentials().await?.into();
        let options = self.service.signing_options();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(life);
        if !options.double_uri_encode {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
        }
        if !options.normalize_uri_path {
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let region = self.region.as_ref().ok_or("there is no region")?;
        let signing = v4::SigningParams::builder().identity(&identity).region(region.as_ref());
        let signing = signing.name(self.service.signing_name()).time(from).settings(settings).build()?.into();
        let address = format!("{}{}", self.endpoint, request.target());
        let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new(request.method.as_str(), &address, headers, SignableBody::UnsignedPayload)?;
        let (instructions, _) = sign(signable, &signing)?.into_parts();
        let mut signed = http::Request::builder().uri(address).body(())?;
        instructions.apply_to_request_http1x(&mut signed);
        Ok(signed.uri().to_string())
    }
}

fn components(
    aws: &SdkConfig,
    endpoint: &str,
    credentials: Option<SharedCredentialsProvider>,
) -> RuntimeComponentsBuilder {
    let mut components = RuntimeComponentsBuilder::new("request");
    components.set_endpoint_resolver(Some(SharedEndpointResolver::new(StaticUriEndpointResolver::uri(endpoint))));
    components.set_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])));
    components.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
    if let Some(credentials) = credentials {
        components.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
    }
    components.push_retry_classifier(HttpStatusCodeClassifier::default());
    components.push_retry_classifier(TransientErrorClassifier::<Refusal>::new());
    components.push_retry_classifier(AwsErrorCodeClassifier::<Refusal>::new());
    components.push_interceptor(ConnectionPoisoningInterceptor::new());
    components.push_interceptor(CountRequests);
    // Lambda stops functions that invoke each other without end, and recognizes them by this header.
    components.push_interceptor(RecursionDetectionInterceptor::new());
    if let Some(client) = aws.http_client() {
        components.set_http_client(Some(client));
    }
    if let Some(cache) = aws.identity_cache() {
        components.set_identity_cache(Some(cache));
    }
    if let Some(sleep) = aws.sleep_impl() {
        components.set_sleep_impl(Some(sleep));
    }
    if let Some(time) = aws.time_source() {
        components.set_time_source(Some(time));
    }
    components
}

#[derive(Debug)]
struct Serializer;

impl SerializeRequest for Serializer {
    fn serialize_input(&self, input: Input, _: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        input.downcast::<Request>().map_err(|_| "the request has another type")?.into_http()
    }
}

#[derive(Debug)]
struct Deserializer {
    is_streamed: bool,
}

type Deserialized = Result<Output, OrchestratorError<context::Error>>;

impl DeserializeResponse for Deserializer {
    fn deserialize_streaming_with_config(&self, response: &mut HttpResponse, _: &ConfigBag) -> Option<Deserialized> {
        let is_taken = self.is_streamed && response.status().is_success();
        is_taken.then(|| {
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            Ok(Output::erase(with_body(response, body)))
        })
    }

    fn deserialize_nonstreaming_with_config(&self, response: &HttpResponse, _: &ConfigBag) -> Deserialized {
        let body = response.body().bytes().unwrap_or_default();
        // S3 begins the answer to a long copy before it knows the outcome, and then reports an error with status 200.
        let is_late_error = String::from_utf8_lossy(body).contains("<Error>");
        if response.status().is_success() && !is_late_error {
            return Ok(Output::erase(with_body(response, SdkBody::from(body))));
        }
        Err(OrchestratorError::operation(context::Error::erase(Refusal::read(response))))
    }
}

fn with_body(response: &HttpResponse, body: SdkBody) -> HttpResponse {
    let mut whole = HttpResponse::new(response.status(), body);
    *whole.headers_mut() = response.headers().clone();
    whole
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};
    use std::time::UNIX_EPOCH;

    use aws_credential_types::Credentials;
    use aws_smithy_async::rt::sleep::TokioSleep;
    use aws_smithy_async::time::StaticTimeSource;
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_types::sdk_config::SharedAsyncSleep;
    use http::Method;

    use super::*;
    use crate::secrets::{SecretError, Secrets};

    /// Answers in turn, and remembers the requests. Without a further answer the connection breaks.
    #[derive(Clone, Debug, Default)]
    struct Script {
        answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
        requests: Arc<Mutex<Vec<HttpRequest>>>,
    }

    impl HttpConnector for Script {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.requests.lock().unwrap().push(request);
            let answer = self.answers.lock().unwrap().pop_front();
            HttpConnectorFuture::ready(match answer {
                Some((status, body)) => {
                    Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body)))
                }
                None => Err(ConnectorError::io("the connection broke".into())),
            })
        }
    }

    impl HttpClient for Script {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    /// The credentials, the region and the moment of the examples in S3's documentation of signatures.
    fn example(script: &Script) -> SdkConfig {
        let (key, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        crate::aws::bounded(SdkConfig::builder())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(key, secret, None, None, "test")))
            .http_client(script.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(StaticTimeSource::new(moment()))
            .build()
    }

    /// 2013-05-24T00:00:00Z.
    fn moment() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_369_353_600)
    }

    fn bucket(script: &Script) -> SignedClient {
        let endpoint = "https://examplebucket.s3.amazonaws.com".to_owned();
        SignedClient::new(&example(script), Service::S3, endpoint, "test")
    }

    fn answering(answers: &[(u16, &'static str)]) -> Script {
        Script { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), requests: Arc::default() }
    }

    async fn attempts(client: &SignedClient, script: &Script) -> (usize, Result<Answer, RequestError>) {
        let answer = client.send(Request::new("GetObject", Method::GET, "/test.txt")).await;
        (script.requests.lock().unwrap().len(), answer)
    }

    #[tokio::test]
    async fn an_address_is_signed_as_in_s3s_documentation() {
        let request = Request::new("GetObject", Method::GET, "/test.txt");
        let address = bucket(&Script::default()).presign(request, moment(), Duration::from_secs(86_400)).await.unwrap();
        assert_eq!(
            address,
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[tokio::test]
    async fn a_request_is_signed_as_in_s3s_documentation() {
        let script = answering(&[(206, "0123456789")]);
        let request = Request::new("GetObject", Method::GET, "/test.txt").header("range", "bytes=0-9");
        let answer = bucket(&script).fetch(request).await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), b"0123456789");
        let requests = script.requests.lock().unwrap();
        assert_eq!(requests[0].uri(), "https://examplebucket.s3.amazonaws.com/test.txt");
        assert_eq!(
            requests[0].headers().get("authorization").unwrap(),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_made_three_times_at_most_and_only_if_that_may_help() {
        let script = answering(&[(503, ""), (200, "<Error><Code>SlowDown</Code></Error>"), (200, "here")]);
        let (attempts_made, answer) = attempts(&bucket(&script), &script).await;
        assert_eq!((attempts_made, answer.unwrap().bytes().await.unwrap().as_slice()), (3, b"here".as_slice()));

        let script = answering(&[(500, ""), (500, ""), (500, ""), (200, "")]);
        let (attempts_made, answer) = attempts(&bucket(&script), &script).await;
        assert_eq!((attempts_made, answer.unwrap_err().status()), (3, Some(500)));

        let script = answering(&[(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")]);
        let (attempts_made, answer) = attempts(&bucket(&script), &script).await;
        let error = answer.unwrap_err();
        assert_eq!((attempts_made, error.status(), error.code()), (1, Some(403), Some("AccessDenied")));
        assert_eq!(error.to_string(), "S3 refuses GetObject: 403 AccessDenied, no");

        let script = answering(&[]);
        let (attempts_made, answer) = attempts(&bucket(&script), &script).await;
        let error = answer.unwrap_err();
        assert_eq!(
            (attempts_made, error.status(), error.to_string().as_str()),
            (3, None, "S3 does not answer GetObject")
        );
    }

    #[tokio::test]
    async fn lambda_names_its_refusals_in_json() {
        let script = answering(&[(404, r#"{"__type":"a.b#ResourceNotFoundException","Message":"no such function"}"#)]);
        let lambda = crate::aws::functions(&example(&script));
        let invocation = Request::new("Invoke", Method::POST, "/2015-03-31/functions/arn:aws:f/invocations")
            .header("x-amz-invocation-type", "Event")
            .body(b"{}".to_vec());
        let error = lambda.send(invocation).await.unwrap_err();
        assert_eq!(error.to_string(), "Lambda refuses Invoke: 404 ResourceNotFoundException, no such function");
        let requests = script.requests.lock().unwrap();
        assert_eq!(
            (requests[0].method(), requests[0].uri()),
            ("POST", "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Af/invocations")
        );
        assert_eq!(requests[0].headers().get("x-amz-invocation-type"), Some("Event"));
        assert_eq!(requests[0].body().bytes(), Some(b"{}".as_slice()));
    }

    async fn secret(answers: &[(u16, &'static str)]) -> (Script, Result<String, SecretError>) {
        let script = answering(answers);
        let read = Secrets::new(crate::aws::secrets(&example(&script)), None).read("arn:aws:secret").await;
        (script, read)
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_is_read_by_a_signed_request() {
        let (script, text) = secret(&[(500, ""), (200, r#"{"Name":"keys","SecretString":"one\ntwo"}"#)]).await;
        assert_eq!(text.unwrap(), "one\ntwo");
        let requests = script.requests.lock().unwrap();
        let request = &requests[1];
        assert_eq!((request.method(), request.uri()), ("POST", "https://secretsmanager.us-east-1.amazonaws.com/"));
        assert_eq!(request.headers().get("x-amz-target"), Some("secretsmanager.GetSecretValue"));
        assert_eq!(request.headers().get("content-type"), Some("application/x-amz-json-1.1"));
        let signature = request.headers().get("authorization").unwrap();
        assert!(signature.contains("/us-east-1/secretsmanager/aws4_request"), "{signature}");
        assert_eq!(request.body().bytes(), Some(br#"{"SecretId":"arn:aws:secret"}"#.as_slice()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_that_is_refused_is_told_from_one_that_cannot_be_read_at_present() {
        let denied = (400, r#"{"__type":"AccessDeniedException","Message":"no identity-based policy allows it"}"#);
        let (_, refused) = secret(&[denied]).await;
        let expected =
            "Secrets Manager refuses GetSecretValue: 400 AccessDeniedException, no identity-based policy allows it";
        assert!(matches!(refused, Err(SecretError::Refused(said)) if said == expected));
        let (_, binary) = secret(&[(200, r#"{"SecretBinary":"b25l"}"#)]).await;
        assert!(matches!(binary, Err(SecretError::Refused(said)) if said == "the secret is not a text"));

        let throttled = (400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#);
        for answers in [&[throttled; 3][..], &[(503, ""); 3], &[]] {
            let (script, failed) = secret(answers).await;
            assert!(matches!(failed, Err(SecretError::Unavailable(_))), "{failed:?}");
            assert_eq!(script.requests.lock().unwrap().len(), 3);
        }
    }
}
