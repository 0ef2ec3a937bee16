//! The end of a connection from the server's side: closing it, and reporting one that was found gone.

use crate::ctx::Ctx;
use crate::error::Error;
use crate::id::ConnectionId;
use crate::invocation::{self, GONE};
use crate::store::{Ender, Ending, Recipient};
use crate::telemetry;

/// How often the server tries to close a connection. After that the disconnect function ends its sessions although the
/// connection is still open.
const CLOSES_MAX: u32 = 5;

impl<A> Ctx<A> {
    /// Closes a connection from the server's side. One request. It is not an error if the connection is gone already.
    /// API Gateway tells the disconnect function about the end of a WebSocket. For a polling connection this function
    /// does so.
    pub async fn close<'a>(&self, to: impl Into<Recipient<'a>>) {
        let to = to.into();
        if to.connection.is_polling() {
            self.end_polling(to.connection, Ender::Server).await;
        } else if !self.close_websocket(to).await {
            self.invoke_disconnect(to.connection).await;
        }
    }

    /// Ends a polling connection, also if its client has moved to a WebSocket by now, and invokes the disconnect
    /// function to do the rest.
    pub async fn end_polling(&self, connection: &ConnectionId, by: Ender) {
        match self.store.end_outbox(connection, by).await {
            Ok(Ending::Before) => {}
            Ok(Ending::Ended(probe)) => {
                self.invoke_disconnect(connection).await;
                if let Some(websocket) = probe {
                    self.close_websocket(&websocket).await;
                }
            }
            Ok(Ending::Redirected(websocket)) => {
                self.close_websocket(&websocket).await;
            }
            Err(error) => telemetry::failed(Some(connection), &error),
        }
    }

    /// Closes a WebSocket connection from the server's side. Returns whether API Gateway closed it. One request,
    /// repeated while API Gateway refuses it for now. If the connection cannot be closed, the disconnect function ends
    /// its sessions: then nothing is posted to it any more, and its next frame, or the next ping that it misses, ends
    /// it.
    pub async fn close_websocket<'a>(&self, to: impl Into<Recipient<'a>>) -> bool {
        let to = to.into();
        let connection = to.connection;
        let (mut tried, mut young) = (1, 1);
        loop {
            let error = match self.connections.delete(connection).await {
                Ok(()) => return true,
                Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception()) => {
                    if !self.is_young(to, young) {
                        return false;
                    }
                    self.pause_while_young(young).await;
                    young += 1;
                    continue;
                }
                Err(error) => error,
            };
            if tried >= CLOSES_MAX {
                let cause = Error::internal(error);
                tracing::warn!(connection.id = connection.in_logs(), error.cause = %telemetry::causes(&cause), "a connection was not closed");
                self.invoke_disconnect(connection).await;
                return false;
            }
            self.pause(tried).await;
            tried += 1;
        }
    }

    /// Reports a connection that was found gone, so that the disconnect function ends its sessions. The function also
    /// closes the connection: if it exists after all, nothing would be posted to it any more. One write, and two
    /// requests unless another invocation has just reported the same connection.
    pub async fn report_gone(&self, connection: &ConnectionId) {
        invocation::count(GONE, 1);
        match self.store.note_gone(connection).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => telemetry::failed(Some(connection), &error),
        }
        if connection.is_polling() {
            return self.invoke_disconnect(connection).await;
        }
        tokio::join!(self.invoke_disconnect(connection), self.close_websocket(connection));
    }
}
