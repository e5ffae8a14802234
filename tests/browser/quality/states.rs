//! The states of pages: what opens, what fails, what waits.

use super::site::Site;

/// How wide a window is.
pub const WIDE: u32 = 1100;
const NARROW: u32 = 390;

pub struct State {
    pub name: &'static str,
    pub path: String,
    /// The script that leads to the state. It has the functions of [`TOOLS`].
    pub act: &'static str,
    /// An expression that is true then.
    pub ready: &'static str,
    pub width: u32,
    /// What the console has to say about a refused request.
    pub expected: &'static str,
}

/// What the scripts of the states use.
pub const TOOLS: &str = "
    const $ = (css) => document.querySelector(css);
    const press = (key, more) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
    const search = (css, text) => {
      $(css).value = text;
      $(css).dispatchEvent(new InputEvent('input', { bubbles: true }));
    };
    const type = (text) => {
      $('#message').focus();
      search('#message', text);
    };
    const send = (text) => {
      type(text);
      $('#send').requestSubmit();
    };
    const receive = (frame) => natter.socket.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
    // a picture and a file of so many MiB
    const attach = (size = 1) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(size * 2 ** 20)], 'zeros.bin'));
      data.items.add(new File(['some text'], 'picture.png', { type: 'image/png' }));
      $('#message').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    };
    // messages are not sent; `answer` makes the server's reply of their id
    const hold = (answer) => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (frame) {
        const { clientID } = JSON.parse(frame);
        if (!clientID) send.call(this, frame);
        else if (answer) setTimeout(receive, 0, answer(clientID));
      };
    };
    const lose = (code) => document.body.dispatchEvent(new CustomEvent('htmx:ws:close', { detail: { code, connection: {} } }));
    const point = (css) => $(css).dispatchEvent(new PointerEvent('pointerover', { bubbles: true, pointerType: 'mouse' }));
    const tool = (css) => {
      point('#messages > .sent-by-user');
      $(css).click();
    };
    const submit = (css, values) => {
      const form = $(css);
      form.noValidate = true;
      for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
      form.requestSubmit();
    };";

const STATUS: &str = "document.querySelector('#status:not([hidden])')";
const REFUSED: &str = "document.querySelector('#refused').textContent";
const ERROR: &str = "document.querySelector('main .error:not(:empty), main .alert')";
const MENU: &str = "document.querySelector('#sidebar.is-open')";
const LOADED: &str = "document.querySelector('h1')";

/// A state of the lobby's page.
fn lobby(name: &'static str, act: &'static str, ready: &'static str) -> State {
    State { name, path: "/rooms/lobby".into(), act, ready, width: WIDE, expected: "" }
}

/// A form that is refused.
fn refused(name: &'static str, path: impl Into<String>, act: &'static str) -> State {
    State {
        name,
        path: path.into(),
        act,
        ready: ERROR,
        width: WIDE,
        expected: "the server responded with a status of 4",
    }
}

fn narrow(name: &'static str, path: impl Into<String>, act: &'static str, ready: &'static str) -> State {
    State { name, path: path.into(), act, ready, width: NARROW, expected: "" }
}

/// Those of pages for anybody.
pub fn of_visitors() -> Vec<State> {
    vec![
        refused("log in, refused", "/login", "submit('main form', { userID: 'ann', password: 'wrong' })"),
        refused("sign up, refused", "/signup", "submit('main form', { userID: 'a b', email: 'x', password: '1' })"),
        narrow("narrow log in", "/login", "", LOADED),
        narrow("narrow sign up", "/signup", "", LOADED),
        narrow("narrow API", "/api/docs", "", LOADED),
    ]
}

/// Those of Ann's pages.
pub fn of_ann(site: &Site) -> Vec<State> {
    let Site { own, archived, root, mine, .. } = site;
    let mut states = of_lobby();
    states.extend([
        refused("profile, refused", "/account", "submit('form[action=\"/account\"]', { name: '', email: 'x' })"),
        refused(
            "password, refused",
            "/account",
            "submit('form[action=\"/account/password\"]', { currentPassword: 'x', password: 'y' })",
        ),
        refused("deletion, refused", "/account", "submit('form[action=\"/account/delete\"]', { deletePassword: 'x' })"),
        refused("new room, refused", "/rooms/new", "submit('main form', { name: '', members: 'nobody' })"),
        refused(
            "room settings, refused",
            format!("/rooms/{own}/settings"),
            "submit('form.panel[action$=settings]', { name: '' })",
        ),
        refused("members, refused", format!("/rooms/{own}/members"), "submit('form.panel', { members: 'nobody' })"),
        refused(
            "edit of an old text",
            format!("/rooms/lobby/{mine}/edit"),
            "submit('form.edit', { textRev: '1', message: 'x' })",
        ),
        refused("reply, refused", format!("/rooms/lobby/{mine}"), "submit('form.reply', { message: '' })"),
        refused("reaction, refused", format!("/rooms/lobby/{mine}"), "submit('form.react', { emoji: 'x' })"),
        refused("new user, refused", "/admin/users?new=true", "submit('#users form', { userID: 'a b' })"),
        refused("user, refused", "/admin/users?edit=bob", "submit('#row', { email: 'x', name: '' })"),
        State {
            path: format!("/rooms/lobby/threads/{root}"),
            ..lobby(
                "answer in a thread",
                "tool('#row-tools [data-do=reply]')",
                "document.querySelector('#context:not([hidden])')",
            )
        },
        State {
            path: format!("/rooms/{own}"),
            ..lobby("large picture", "$('.picture > a').click()", "document.querySelector('#lightbox[open]')")
        },
        narrow("narrow lobby", "/rooms/lobby", "", LOADED),
        narrow("narrow lobby with its rooms", "/rooms/lobby", "$('#menu').click()", MENU),
        narrow(
            "narrow tools of a row",
            "/rooms/lobby",
            "tool('#row-tools [popovertarget=row-menu]')",
            "document.querySelector('#row-menu:popover-open')",
        ),
        narrow("narrow archived room", format!("/rooms/{archived}"), "", LOADED),
        narrow("narrow room", format!("/rooms/{own}"), "", LOADED),
        narrow("narrow thread", format!("/rooms/lobby/threads/{root}"), "", LOADED),
        narrow("narrow message", format!("/rooms/lobby/{mine}"), "", LOADED),
        narrow("narrow rooms", "/rooms", "", LOADED),
        narrow("narrow members", format!("/rooms/{own}/members"), "", LOADED),
        narrow("narrow settings", format!("/rooms/{own}/settings"), "", LOADED),
        narrow("narrow account", "/account", "", LOADED),
        narrow("narrow users", "/admin/users", "", LOADED),
        narrow("narrow people", "/people", "", LOADED),
    ]);
    states
}

fn of_lobby() -> Vec<State> {
    vec![
        lobby("pending message", "hold(); send('on its way')", "document.querySelector('#outbox .pending')"),
        lobby(
            "refused message",
            "hold((clientID) => ({ clientID, status: 422, error: { message: 'too many people', fields: { confirmed: 'x' } } })); send('refused')",
            REFUSED,
        ),
        lobby("files to send", "attach()", "document.querySelectorAll('.attachment.complete').length === 2"),
        State {
            expected: "the server responded with a status of 413",
            ..lobby("failed file", "attach(31)", "document.querySelector('.attachment .why').textContent")
        },
        lobby("too long message", "send('x'.repeat(4100))", REFUSED),
        lobby("counter", "type('x '.repeat(1900))", "document.querySelector('#left').textContent"),
        lobby("offline", "dispatchEvent(new Event('offline'))", STATUS),
        lobby("reconnecting", "lose(1006)", STATUS),
        lobby("signed out", "lose(1008)", STATUS),
        lobby("too many tabs", "lose(1013)", STATUS),
        lobby("room is gone", "receive({ room: 'lobby', gone: true })", STATUS),
        lobby(
            "somebody types",
            "receive({ room: 'lobby', typing: { key: 'x', name: 'Bob' } })",
            "document.querySelector('#typing').textContent",
        ),
        lobby(
            "failed request",
            "fetch = () => Promise.reject(new TypeError()); tool('#row-menu [data-do=pin], #row-menu [data-do=unpin]')",
            "document.querySelector('#alert').textContent",
        ),
        lobby(
            "tools of a row",
            "point('#messages > .sent-by-user')",
            "document.querySelector('#row-tools:not([hidden])')",
        ),
        lobby(
            "menu of a row",
            "tool('#row-tools [popovertarget=row-menu]')",
            "document.querySelector('#row-menu:popover-open')",
        ),
        lobby(
            "reactions of a row",
            "tool('#row-tools [data-do=react]')",
            "document.querySelector('#row-emoji:popover-open')",
        ),
        lobby(
            "row with the focus",
            "$('#scroller').focus(); press('ArrowUp')",
            "document.activeElement.matches('.message')",
        ),
        lobby("answer", "tool('#row-tools [data-do=reply]')", "document.querySelector('#context:not([hidden])')"),
        lobby("edit", "tool('#row-tools [data-do=edit]')", "document.querySelector('#context:not([hidden])')"),
        lobby(
            "emoji picker",
            "$('#send .pick').click()",
            "document.querySelectorAll('#picker:popover-open button').length > 1000",
        ),
        lobby(
            "emoji not found",
            "$('#picker').addEventListener('toggle', () => setTimeout(search, 0, '#picker input', 'qqqq'), { once: true }); $('#send .pick').click()",
            "document.querySelector('#picker .empty')",
        ),
        lobby("completion of a name", "type('@')", "document.querySelector('#completion:popover-open li')"),
        lobby("completion of an emoji", "type(':smi')", "document.querySelector('#completion:popover-open li')"),
        lobby("completion of a command", "type('/')", "document.querySelector('#completion:popover-open li')"),
        lobby("keys", "$('#scroller').focus(); press('?')", "document.querySelector('#keys[open] kbd')"),
        lobby("switcher", "press('k', { ctrlKey: true })", "document.querySelector('#switcher[open] li')"),
        lobby(
            "switcher without rooms",
            "press('k', { ctrlKey: true }); search('#switcher input', 'qqqq')",
            "document.querySelector('#switcher[open]') && document.querySelector('#switcher li.empty')",
        ),
        lobby("own menu", "$('.own-menu > summary').click()", "document.querySelector('.own-menu[open]')"),
        lobby("link to the content", "$('.skip').focus()", "document.activeElement.matches('.skip')"),
    ]
}
