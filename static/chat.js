// The parts of the chat page that htmx does not have: unconfirmed messages are kept and sent again, a new connection
// continues after the last change, times are local, frames are worded in the page's language, and the scroll position
// stays.
(() => {
  'use strict';
  const $ = (id) => document.getElementById(id);
  const chat = $('chat'), list = $('messages'), outboxList = $('outbox'), scroller = $('scroller'),
    newer = $('newer'), form = $('send'), input = $('message'), refused = $('refused'), banner = $('status'), roster = $('roster');
  const title = document.title, language = document.documentElement.lang;
  const locale = language === 'en' ? [] : language; // English pages follow the browser: en-GB and en-US differ
  const words = JSON.parse(chat.dataset.words); // script_words in features/chat/page.rs
  const storageKey = (name) => `natter.${name}.${chat.dataset.user}`;

  // remove the token from the address and from the history
  if (location.search.includes('jwt=')) history.replaceState(null, '', '/');
  // a page restored from the back/forward cache has a closed socket and an old log
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

  // ---- times ----
  const localize = (root) => {
    for (const time of root.querySelectorAll('time')) {
      const at = new Date(time.dateTime), today = at.toDateString() === new Date().toDateString();
      const clock = at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
      time.textContent = today ? clock : `${at.toLocaleDateString(locale, { day: 'numeric', month: 'short', year: 'numeric' })}, ${clock}`;
      time.title = at.toLocaleString(locale);
    }
  };

  // ---- languages ----
  // Frames are English. Notices and the roster carry other languages in data attributes.
  const translate = (root) => {
    if (language === 'en') return;
    for (const node of [root, ...root.querySelectorAll(`[data-${language}]`)]) {
      if (node.dataset[language]) node.textContent = node.dataset[language];
    }
    for (const author of root.querySelectorAll('b')) {
      if (root.matches('.sent-by-user')) author.textContent = `${words.you}: `;
      const deleted = author.querySelector('i');
      if (deleted) deleted.textContent = words.deletedUser;
    }
  };

  // ---- the list ----
  const KEEP = 600; // messages; bounds the memory of a tab that stays open for weeks
  let unread = 0;
  const atEnd = () => scroller.scrollTop > -60; // the list is reversed: 0 is the end
  const trim = () => {
    const messages = list.querySelectorAll('.message');
    if (messages.length <= KEEP * 1.5 || !atEnd()) return;
    const first = messages[messages.length - KEEP], before = first.id.slice(1);
    while (list.firstElementChild !== first) list.firstElementChild.remove();
    const older = document.createElement('li'), link = document.createElement('a');
    older.className = 'older';
    link.textContent = words.earlier;
    link.href = `/?before=${before}`;
    for (const [name, value] of [['get', `/messages?before=${before}`], ['trigger', 'intersect once, click'], ['target', 'closest li'], ['swap', 'outerHTML']]) link.setAttribute(`hx-${name}`, value);
    older.append(link);
    list.prepend(older);
    htmx.process(older);
  };
  // A change of a message that is not loaded is not shown; scrolling back loads the message.
  const isLoaded = (item) => !item.id || +item.id.slice(1) >= (list.querySelector('.older a')?.search.match(/\d+/)?.[0] ?? 0);
  new MutationObserver((changes) => {
    let hasNew = false;
    for (const change of changes) for (const node of change.addedNodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      if (!isLoaded(node)) {
        chat.dataset.head = Math.max(chat.dataset.head, node.dataset.rev); // it has been received
        node.remove();
        continue;
      }
      localize(node);
      translate(node);
      const replaces = change.removedNodes.length > 0; // an edited message is not a new one
      hasNew ||= !replaces && node.matches('.message:not(.sent-by-user)') && !node.nextElementSibling?.matches('.message');
    }
    if (!hasNew) return;
    if (!atEnd()) newer.hidden = false;
    if (document.hidden) document.title = `(${++unread}) ${title}`;
    trim();
  }).observe(list, { childList: true });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) { unread = 0; document.title = title; }
  });
  new MutationObserver(() => translate(roster)).observe(roster, { childList: true });
  newer.addEventListener('click', () => { scroller.scrollTop = 0; });
  scroller.addEventListener('scroll', () => { if (atEnd()) newer.hidden = true; });
  localize(list);

  // ---- the draft and the outbox (unconfirmed messages); both survive a reload of this tab ----
  const load = (name) => { try { return JSON.parse(sessionStorage.getItem(storageKey(name))); } catch { return null; } };
  const save = (name, value) => { try { sessionStorage.setItem(storageKey(name), JSON.stringify(value)); } catch { /* storage is off */ } };
  let outbox = load('outbox') ?? []; // {clientID, message, sent: when, or 0}
  const show = () => {
    save('outbox', outbox);
    outboxList.replaceChildren(...outbox.map(({ message }) => {
      const item = document.createElement('li'), name = document.createElement('b');
      item.className = 'message sent-by-user pending';
      name.textContent = `${words.you}: `;
      item.append(name, message);
      return item;
    }));
  };
  // A UUIDv7: time-ordered, so that new ids share pages of the database's index. Without crypto.randomUUID, which makes
  // version 4 only, and exists in secure contexts only; an http address in the local network is none.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16)), now = Date.now();
    for (let i = 0; i < 6; i++) bytes[i] = now / 256 ** (5 - i); // conversion to a byte takes the remainder
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
  const refuse = (reason) => { refused.textContent = reason; };
  const saveDraft = () => save('draft', input.value);

  if (!form.hasAttribute('hx-ws:send')) return; // an older part of the log has no connection

  if (!input.value) input.value = load('draft') ?? '';
  input.addEventListener('input', () => { refuse(''); saveDraft(); });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  show();

  // ---- the connection ----
  let socket = null, connectedBefore = false, refusals = 0; // refusals: closes for too many sockets in a row
  let lastFrameAt = 0;
  const open = () => socket?.readyState === WebSocket.OPEN;
  const head = () => Array.from(list.querySelectorAll('[data-rev]'), (item) => +item.dataset.rev).reduce((a, b) => Math.max(a, b), +chat.dataset.head);
  const transmit = (item) => {
    if (!open() || !outbox.includes(item)) return;
    item.sent = Date.now();
    socket.send(JSON.stringify({ message: item.message, clientID: item.clientID }));
  };
  // after a reconnect: one message at a time, to keep their order and the server's rate limit
  const resend = () => {
    const item = outbox.find((one) => !one.sent);
    if (item) transmit(item);
  };
  const showStatus = (...content) => { banner.replaceChildren(...content); banner.hidden = !content.length; };
  // for a connection that died without a close: the extension sees a close event and opens another
  const drop = () => {
    if (!open()) return;
    const dead = socket;
    dead.dispatchEvent(new CloseEvent('close', { code: 1006 }));
    // a late close event of its own would open a second one
    dead.addEventListener('close', (event) => event.stopImmediatePropagation(), { capture: true });
    dead.close();
  };

  chat.addEventListener('htmx:ws:before:connection', ({ detail: { connection } }) => {
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('after', head());
    url.searchParams.set('user', chat.dataset.user); // the cookie may belong to another user by now
    if (connectedBefore) url.searchParams.set('returning', 'true');
    connection.url = url.href;
  });
  chat.addEventListener('htmx:ws:after:connection', ({ detail: { connection } }) => {
    socket = connection.socket;
    connectedBefore = true;
    lastFrameAt = Date.now();
    if (!refusals) showStatus(); // after a refusal the first frame shows that this socket is accepted
    for (const item of outbox) { item.sent = 0; item.retried = true; }
    resend();
  });
  chat.addEventListener('htmx:ws:close', ({ detail: { code, connection } }) => {
    if (code === 1000) return; // this page is going away
    if (code === 1013) {
      // the extension resets its delay after each handshake, and this handshake succeeds: set the attempt by hand
      connection.attempt = refusals++;
      return showStatus(words.tooManyTabs);
    }
    if (code !== 1008) return showStatus(words.lost);
    const login = document.createElement('a');
    login.href = chat.dataset.login;
    login.textContent = words.logInAgain;
    showStatus(`${words.signedOut} `, login);
    socket = null;
  });

  // ---- sending ----
  form.addEventListener('htmx:ws:before:message:outgoing', (event) => {
    const { values } = event.detail.message, message = values.message.trim();
    // the server checks this too, but it closes the socket on a frame that is far too long
    const length = Array.from(message).length;
    if (!message || length > 4000) {
      refuse(message ? words.tooLong.replace('{length}', length) : words.empty);
      event.preventDefault();
      return;
    }
    values.clientID = newId();
    const now = open() && outbox.every((one) => one.sent);
    outbox.push({ clientID: values.clientID, message, sent: now ? Date.now() : 0, retried: !now });
    show();
    input.value = '';
    saveDraft();
    refuse('');
    scroller.scrollTop = 0;
    if (!now) event.preventDefault(); // resend() sends it after the earlier messages of the outbox
  });
  chat.addEventListener('htmx:ws:before:message:incoming', (event) => {
    lastFrameAt = Date.now();
    if (refusals) { refusals = 0; showStatus(); }
    const { data } = event.detail.message;
    if (!data.startsWith('{')) return;
    event.preventDefault();
    const { clientID, error, status, retryAfter, reload, pending } = JSON.parse(data);
    if (reload) return location.reload(); // too many changes were missed to send them one by one
    if (pending) return; // the database is slow; the reply will follow
    const item = outbox.find((one) => one.clientID === clientID);
    // it is unknown whether the server has the message; under the same id it is safe to send it again
    if (item && (status >= 500 || (status === 429 && item.retried))) {
      item.sent = 0;
      item.retried = true;
      setTimeout(resend, (retryAfter ?? 5) * 1000);
      return;
    }
    if (error) refuse(error.fields?.message ?? error.message);
    if (!item) return;
    outbox = outbox.filter((one) => one !== item);
    show();
    resend();
    if (!error) return;
    input.value = [input.value, item.message].filter(Boolean).join('\n');
    saveDraft();
  });

  // ---- connections that die without a close ----
  const TICK = 5000;
  let last = Date.now(), hidden = false;
  setInterval(() => {
    // a browser runs the timers of a hidden tab once a minute; only a longer gap means that the machine slept
    const now = Date.now(), slept = now - last > (hidden ? 90000 : 4 * TICK), oldest = outbox[0]?.sent;
    last = now;
    hidden = document.hidden;
    // the server sends a pending frame every 3 s while a message waits; any other frame counts as well
    if (slept || (oldest && now - Math.max(oldest, lastFrameAt) > 2 * TICK)) drop();
  }, TICK);
  addEventListener('online', drop);
  addEventListener('offline', () => showStatus(words.offline));
})();
