//! A client that is gone without a word: its machine lost power, or its network. Nothing closes the connection, so the
//! server has to notice that no ping is answered.

use std::{sync::Arc, time::Duration};

use natter::{
    app::routes,
    domain::{ClientId, Command, Email, Name, Phone, Role, RoomId, Text, UserId},
    net::{
        accept::{self, ConnectionLimits, ListenerSettings},
        address::AddressCounts,
    },
    room::hub::Hub,
    security::{limits::RateLimits, login::LoginService, passwords::Passwords, tokens::Tokens},
    store::{self, Database, NewUser, PasswordHash, Quota},
    web::{
        AppState,
        state::{FileSettings, RoomSettings, Settings},
    },
};
use tempfile::TempDir;
use tokio::{
    net::TcpSocket,
    sync::Semaphore,
    time::{Instant, sleep},
};

use crate::support::{RawConnection, Script, Socket, name_of};

/// Long enough that a busy machine does not make a test of two intervals one of three.
const PING_INTERVAL: Duration = Duration::from_secs(3);
const EMPTY_PING: [u8; 2] = [0x89, 0];

/// A chat server with a shorter ping interval.
struct Chat {
    store: Arc<dyn Database>,
    hub: Hub,
    tokens: Arc<Tokens>,
    /// Without a token.
    script: Script,
    _directory: TempDir,
}

impl Chat {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = store::open_embedded(directory.path()).unwrap();
        let (hub, _) = Hub::start(Arc::clone(&store), Box::new(|_| {}));
        let tokens = Arc::new(Tokens::new(&crate::support::SECRET.to_owned().into()));
        let logins = LoginService {
            store: store.clone(),
            passwords: Arc::new(Passwords::new(4)),
            tokens: Arc::clone(&tokens),
            limits: Arc::new(RateLimits::new(None)),
        };
        let settings = Settings {
            signup_open: true,
            sites: Arc::default(),
            language: None,
            proxies: 0,
            metrics_token: None,
            user_sockets: None,
            files: FileSettings { max_file: 1, quota: Quota { user: 1, server: 1 } },
            rooms: RoomSettings { only_admins_create: false, max_rooms: 1, max_members: 1, max_rooms_of_user: 1 },
        };
        let state = AppState::new(store.clone(), logins, Some(hub.clone()), None, settings);
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(8192).unwrap(); // of each connection: a few messages fill it
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(100).unwrap();
        let script = Script::new(listener.local_addr().unwrap());
        let settings = ListenerSettings {
            permits: Arc::new(Semaphore::new(100)),
            addresses: AddressCounts::new(None),
            peer_is_client: true,
            limits: ConnectionLimits { ping_interval: PING_INTERVAL, ..ConnectionLimits::default() },
        };
        tokio::spawn(accept::serve(listener, routes::all().with_state(state), settings, std::future::pending()));
        Self { store, hub, tokens, script, _directory: directory }
    }

    /// A new user, logged in.
    async fn register(&self, user_id: &str) -> Script {
        let user = NewUser {
            user_id: UserId::parse(user_id).unwrap(),
            name: Name::parse(&name_of(user_id)).unwrap(),
            email: Email::parse(&format!("{user_id}@example.org")).unwrap(),
            phone: Phone::default(),
            password: PasswordHash("none".to_owned()),
            role: Some(Role::Admin),
            entry: None,
        };
        let user = self.store.create_user(user).await.unwrap();
        self.script.with_token(&self.tokens.issue(&user).0)
    }

    /// Stores messages of Ada in the lobby; returns how many bytes their texts have.
    async fn fill_lobby(&self, count: usize) -> usize {
        let ada = self.store.user(&UserId::parse("ada").unwrap()).await.unwrap().unwrap();
        let access = self.store.access(&ada, &RoomId::lobby()).await.unwrap();
        let text = "🐝".repeat(Text::MAX);
        for _ in 0..count {
            let post = Command::post(ClientId::generate(), Text::parse(&text).unwrap());
            self.store.change(&access, post).await.unwrap();
        }
        count * text.len()
    }

    /// Bob opens a socket of the lobby, from which nothing is read until the server has closed it. Ada, who does nothing
    /// but answer pings, sees him enter and leave. Returns all that Bob was sent.
    async fn notices_bob(&self, ada: &Script, after: &str) -> Vec<u8> {
        let bob = self.register("bob").await;
        let mut ada = Socket::open(ada, "").await;
        let mut connection = RawConnection::connect(bob.address).await;
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
        let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
        let line = format!("GET /ws?jwt={}&room=lobby{after} HTTP/1.1", bob.token());
        connection.send(format!("{line}\r\nhost: natter\r\n{upgrade}\r\n{key}\r\n\r\n").as_bytes()).await;
        ada.sees_notice("Bob has entered the chat").await;
        let entered = Instant::now();
        assert_eq!(self.hub.registry.grants().len(), 2);
        let closed = async {
            while self.hub.registry.grants().len() > 1 {
                sleep(Duration::from_millis(10)).await;
            }
            entered.elapsed()
        };
        let (closed, ()) = tokio::join!(closed, ada.sees_notice("Bob has left the chat"));
        assert!(closed > PING_INTERVAL && closed < 3 * PING_INTERVAL, "{closed:?}");
        ada.says("still here").await;
        connection.rest().await
    }
}

#[tokio::test]
async fn a_client_that_answers_no_ping_leaves() {
    let chat = Chat::start().await;
    let ada = chat.register("ada").await;
    let sent = chat.notices_bob(&ada, "").await;
    assert!(sent.ends_with(&EMPTY_PING), "{}", sent.escape_ascii());
}

/// Others go on talking, so that not even a ping finds room in the send buffer.
#[tokio::test]
async fn a_client_whose_send_buffer_is_full_leaves() {
    let chat = Chat::start().await;
    let ada = chat.register("ada").await;
    let bytes = chat.fill_lobby(50).await;
    let sent = chat.notices_bob(&ada, "&after=0").await;
    assert!(sent.len() < bytes, "all {bytes} bytes found room");
}

#[test]
fn a_client_that_is_gone_is_noticed_within_a_minute() {
    assert!(2 * ConnectionLimits::default().ping_interval <= Duration::from_secs(60));
}
