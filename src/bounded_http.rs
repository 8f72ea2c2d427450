//! HTTP over connections that are bounded in number and in time. What a request means is left to the app behind it.
//!
//! Actix's own server bounds the first head of a connection (5 s) and idle time (`keep_alive`), but neither a body that nobody reads,
//! nor an answer that the client does not take, nor a later head; and at its limit of connections it lets everybody else wait. So
//! Portero builds its server from the same parts, with a stream and two services of its own between them.

use std::cell::Cell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::error::{DispatchError, PayloadError};
use actix_http::{HttpService, Payload, Request};
use actix_server::{GracefulShutdownSignal, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactoryExt as _, apply_fn_factory, map_config};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Server, Service, ServiceFactory, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::rt::net::{TcpStream, UnixStream};
use actix_web::rt::time::{Sleep, sleep};
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connections::{self, Connection, Room};

/// How long the system's buffer may refuse to take the rest of an answer, and how long what it has taken may wait for the client.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an answer the system's buffer takes (Linux doubles it). The system's own choice was up to 2.8 MB for each client that
/// never reads.
const SEND_BUFFER: usize = 64 * 1024;
/// How long the client may take to send the rest of a body that no handler reads.
const UNREAD_BODY: Duration = Duration::from_secs(10);
/// How long the client may take to send a head, beyond the time for which an idle connection is kept.
const HEAD: Duration = Duration::from_secs(10);
/// Whoever connects by a Unix socket is on this machine and has no address of their own.
const BY_SOCKET: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// What somebody is told for whom there is no room.
const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What bounds the server.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub keep_alive: Duration,
    /// After a request to stop, how long requests that are under way may take to finish, in seconds.
    pub drain_seconds: u64,
    /// The number of threads that serve connections.
    pub threads: usize,
    /// The most connections that each of them has at a time.
    pub connections_per_thread: usize,
}

/// Where connections come from.
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A server that is being put together: what is served on which listener. All connections share the threads and the bounds.
pub struct BoundedServer {
    builder: ServerBuilder,
    bounds: Bounds,
}

impl BoundedServer {
    pub fn new(bounds: Bounds) -> Self {
        let builder = Server::build()
            .workers(bounds.threads)
            .max_concurrent_connections(bounds.connections_per_thread)
            .shutdown_timeout(bounds.drain_seconds);
        Self { builder, bounds }
    }

    /// Serves what `app` makes, once for each thread, on this listener. `name`: for what Actix logs.
    pub fn listen<F, A, S, B>(self, name: &str, listener: Listener, app: F) -> io::Result<Self>
    where
        F: Fn() -> A + Send + Clone + 'static,
        A: IntoServiceFactory<S, Request>,
        S: ServiceFactory<
                Request,
                Config = AppConfig,
                Response = ServiceResponse<B>,
                Error = actix_web::Error,
                InitError = (),
            > + 'static,
        S::Service: 'static,
        <S::Service as Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
    {
        let (bounds, stopping) = (self.bounds, self.builder.graceful_shutdown_signal());
        let builder = match listener {
            Listener::Tcp(listener) => {
                bound_writes(&listener);
                self.builder
                    .listen(name, listener, move || served::<TcpStream, _, _, _>(app(), bounds, stopping.clone()))
            }
            Listener::Unix(listener) => self
                .builder
                .listen_uds(name, listener, move || served::<UnixStream, _, _, _>(app(), bounds, stopping.clone())),
        }?;
        Ok(Self { builder, ..self })
    }

    pub fn run(self) -> Server {
        self.builder.run()
    }
}

/// What serves connections of one kind with this app.
fn served<I, A, S, B>(
    app: A,
    bounds: Bounds,
    stopping: GracefulShutdownSignal,
) -> impl ServiceFactory<I, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    I: Io,
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let Bounds { keep_alive, connections_per_thread, .. } = bounds;
    let requests = apply_fn_factory(app.into_factory(), move |req: Request, app: &S::Service| {
        let (req, request) = Begun::new(req, keep_alive);
        let answer = app.call(req);
        async move { answer.await.map(|answer| request.end(answer)) }
    });
    let http = HttpService::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .keep_alive(keep_alive)
        .client_disconnect_timeout(Duration::from_secs(1))
        .on_connect_ext(|io: &BoundedStream<I>, of_connection| {
            of_connection.insert(Rc::clone(&io.connection));
        })
        .h1(map_config(requests.map_err(|error| error.error_response()), |()| AppConfig::default()));
    apply_fn_factory(http, move |io: I, http| {
        let peer = io.peer();
        let served = match peer.and_then(|peer| Room::find(peer.ip(), connections_per_thread)) {
            Some(room) => {
                let connection = Rc::clone(room.connection());
                Some((room, http.call((BoundedStream { io, connection, stuck: None }, peer))))
            }
            None => {
                // As much of it as the system takes at once: this is not the moment to wait for anybody.
                drop(io.write_at_once(NO_ROOM));
                None
            }
        };
        async move {
            let Some((room, served)) = served else { return Ok(()) };
            connections::serve(&room, served).await.unwrap_or(Ok(()))
        }
    })
}

/// A stream of the system's.
trait Io: AsyncRead + AsyncWrite + Unpin + 'static {
    /// Who is at its other end. `None`: they are gone.
    fn peer(&self) -> Option<SocketAddr>;

    fn write_at_once(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Lets the client see an error instead of an end, where there is such a difference.
    fn will_be_reset(&self);
}

impl Io for TcpStream {
    fn peer(&self) -> Option<SocketAddr> {
        self.peer_addr().ok()
    }

    fn write_at_once(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    fn will_be_reset(&self) {
        // If the system refuses, the client sees an end without the last chunk.
        rustix::net::sockopt::set_socket_linger(self, Some(Duration::ZERO)).ok();
    }
}

impl Io for UnixStream {
    fn peer(&self) -> Option<SocketAddr> {
        Some(BY_SOCKET)
    }

    fn write_at_once(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    /// Only an end without the last chunk tells of it, so the proxy has to speak HTTP/1.1.
    fn will_be_reset(&self) {}
}

/// Bounds what the system keeps of answers that clients do not take. Accepted connections inherit it from the listener.
fn bound_writes(listener: &TcpListener) {
    if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(listener, SEND_BUFFER) {
        tracing::warn!(event = "socket_option_not_set", option = "SO_SNDBUF", error = %error);
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(listener, WRITE_TIMEOUT.as_millis() as u32) {
        tracing::warn!(event = "socket_option_not_set", option = "TCP_USER_TIMEOUT", error = %error);
    }
}

/// A request that is being answered.
struct Begun {
    connection: Option<Rc<Connection>>,
    /// Whether the body has come to its end; `None`: there is no body.
    body_is_whole: Option<Rc<Cell<bool>>>,
    keep_alive: Duration,
}

impl Begun {
    fn new(mut req: Request, keep_alive: Duration) -> (Request, Self) {
        let connection = req.conn_data::<Rc<Connection>>().cloned();
        let mut body_is_whole = None;
        if let Some(connection) = &connection {
            connection.is_at_work();
            let payload = req.take_payload();
            if !matches!(payload, Payload::None) {
                let is_whole = Rc::<Cell<bool>>::default();
                body_is_whole = Some(Rc::clone(&is_whole));
                let body = Body { payload, connection: Rc::clone(connection), is_whole };
                *req.payload() = Payload::Stream { payload: Box::pin(body) };
            }
        }
        (req, Self { connection, body_is_whole, keep_alive })
    }

    fn end<B: MessageBody + 'static>(self, mut answer: ServiceResponse<B>) -> ServiceResponse<Answer> {
        let mut patience = self.keep_alive.max(WRITE_TIMEOUT) + HEAD;
        if let Some(connection) = &self.connection {
            if self.body_is_whole.is_none_or(|is_whole| is_whole.get()) {
                // The answer itself may take its time to be written.
                connection.waits_at_most(patience);
            } else {
                // Actix reads a chunked body that nobody wants to its end, however long that takes, and any other for a second.
                answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
                patience = UNREAD_BODY;
                connection.waits_at_most(patience);
            }
        }
        let connection = self.connection;
        answer.map_body(|_, body| Answer { body: body.boxed(), connection, patience })
    }
}

/// An answer's body. While its next part is being made it is the client who waits. An answer that breaks off takes its connection
/// with it.
struct Answer {
    body: BoxBody,
    connection: Option<Rc<Connection>>,
    /// How long the client may take for a part.
    patience: Duration,
}

impl MessageBody for Answer {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.connection.as_ref().is_some_and(|connection| connection.is_cut()) {
            // A stream that has failed is at its end, and that must not become the end of the answer.
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.body).poll_next(cx);
        let Some(connection) = &self.connection else { return polled };
        match polled {
            Poll::Pending => connection.is_at_work(),
            Poll::Ready(Some(Err(_))) => {
                // Actix would close the connection in good order, and log the error as if it were about what the client sent.
                connection.cut();
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(_))) => {
                if self.body.size() == BodySize::Stream {
                    connection.sends_part();
                }
                connection.waits_at_most(self.patience);
            }
            Poll::Ready(None) => {
                connection.sends_end();
                connection.waits_at_most(self.patience);
            }
        }
        polled
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, connection, patience } = self;
        body.try_into_bytes().map_err(|body| Self { body, connection, patience })
    }
}

/// A request's body. Tells the connection for whom it waits.
struct Body {
    payload: Payload,
    connection: Rc<Connection>,
    is_whole: Rc<Cell<bool>>,
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(cx);
        match &polled {
            // Whoever reads the body bounds the time for that.
            Poll::Pending => self.connection.waits(),
            Poll::Ready(None) => {
                self.is_whole.set(true);
                self.connection.is_at_work();
            }
            Poll::Ready(Some(_)) => self.connection.is_at_work(),
        }
        polled
    }
}

/// A connection's stream. It fails if the client does not take an answer in time.
struct BoundedStream<I: Io> {
    io: I,
    connection: Rc<Connection>,
    /// Runs from the moment when the system took no more of an answer until it has taken all.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<I: Io> Drop for BoundedStream<I> {
    /// A reset, so that an answer that breaks off, for whatever reason, is an error also where its end would be that of the connection
    /// (HTTP/1.0, which proxies speak).
    fn drop(&mut self) {
        if self.connection.lacks_a_part() {
            self.io.will_be_reset();
        }
    }
}

impl<I: Io> AsyncRead for BoundedStream<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<I: Io> AsyncWrite for BoundedStream<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        if written.is_ready() {
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(WRITE_TIMEOUT)));
        stuck.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Actix flushes when it has written all that there is.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stuck = None;
        self.connection.has_sent();
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
