// What htmx cannot do for the chat page: keep what was sent until the server has confirmed it, tell where a
// new connection reads on, show times in the reader's zone, and leave the reader's place alone.
(() => {
  'use strict';
  const $ = (id) => document.getElementById(id);
  const chat = $('chat'), list = $('messages'), outboxList = $('outbox'), scroller = $('scroller'),
    newer = $('newer'), form = $('send'), input = $('message'), refused = $('refused'), banner = $('status');
  const title = document.title;
  const kept = (name) => `natter.${name}.${chat.dataset.user}`;

  // the token came in the address; it stays neither there nor in the history
  if (location.search.includes('jwt=')) history.replaceState(null, '', '/');
  // a page brought back from the browser's memory has a dead socket and an old log
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

  // ---- times ----
  const localize = (root) => {
    for (const time of root.querySelectorAll('time')) {
      const at = new Date(time.dateTime), today = at.toDateString() === new Date().toDateString();
      const clock = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
      time.textContent = today ? clock : `${at.toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' })}, ${clock}`;
      time.title = at.toLocaleString();
    }
  };

  // ---- the list ----
  const KEEP = 600; // a tab left open for weeks should not hold weeks
  let unread = 0;
  const atEnd = () => scroller.scrollTop > -60; // upside down: 0 is the end
  const trim = () => {
    const messages = list.querySelectorAll('.message');
    if (messages.length <= KEEP * 1.5 || !atEnd()) return;
    const first = messages[messages.length - KEEP], before = first.id.slice(1);
    while (list.firstElementChild !== first) list.firstElementChild.remove();
    const older = document.createElement('li'), link = document.createElement('a');
    older.className = 'older';
    link.textContent = 'Earlier messages';
    link.href = `/?before=${before}`;
    for (const [name, value] of [['get', `/messages?before=${before}`], ['trigger', 'intersect once, click'], ['target', 'closest li'], ['swap', 'outerHTML']]) link.setAttribute(`hx-${name}`, value);
    older.append(link);
    list.prepend(older);
    htmx.process(older);
  };
  new MutationObserver((changes) => {
    let news = false;
    for (const change of changes) for (const node of change.addedNodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      localize(node);
      news ||= node.matches('.message:not(.sent-by-user)') && !node.nextElementSibling?.matches('.message');
    }
    if (!news) return;
    if (!atEnd()) newer.hidden = false;
    if (document.hidden) document.title = `(${++unread}) ${title}`;
    trim();
  }).observe(list, { childList: true });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) { unread = 0; document.title = title; }
  });
  newer.addEventListener('click', () => { scroller.scrollTop = 0; });
  scroller.addEventListener('scroll', () => { if (atEnd()) newer.hidden = true; });
  localize(list);

  // ---- what is typed, and what is not confirmed yet; both outlive a reload of this tab ----
  const load = (name) => { try { return JSON.parse(sessionStorage.getItem(kept(name))); } catch { return null; } };
  const save = (name, value) => { try { sessionStorage.setItem(kept(name), JSON.stringify(value)); } catch { /* storage is off */ } };
  let outbox = load('outbox') ?? []; // {clientID, message, sent: when, or 0}
  const show = () => {
    save('outbox', outbox);
    outboxList.replaceChildren(...outbox.map(({ message }) => {
      const item = document.createElement('li'), name = document.createElement('b');
      item.className = 'message sent-by-user pending';
      name.textContent = 'You: ';
      item.append(name, message);
      return item;
    }));
  };
  // randomUUID is for secure contexts only, which a plain address in the local network is not
  const fresh = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const refuse = (why) => { refused.textContent = why; };
  const draft = () => save('draft', input.value);

  if (!form.hasAttribute('hx-ws:send')) return; // an older part of the log: nothing is live

  if (!input.value) input.value = load('draft') ?? '';
  input.addEventListener('input', () => { refuse(''); draft(); });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  show();

  // ---- the connection ----
  let socket = null, before = false, refusals = 0; // refusals: how often in a row the server had too many sockets of this user
  let heard = 0; // when the server was heard last
  const open = () => socket?.readyState === WebSocket.OPEN;
  const head = () => Array.from(list.querySelectorAll('[data-rev]'), (item) => +item.dataset.rev).reduce((a, b) => Math.max(a, b), +chat.dataset.head);
  const transmit = (item) => {
    if (!open() || !outbox.includes(item)) return;
    item.sent = Date.now();
    socket.send(JSON.stringify({ message: item.message, clientID: item.clientID }));
  };
  // after a break: one at a time, so that they come in order and not faster than the server takes them
  const resend = () => {
    const item = outbox.find((one) => !one.sent);
    if (item) transmit(item);
  };
  const tell = (...content) => { banner.replaceChildren(...content); banner.hidden = !content.length; };
  // a connection that died without a word: let the extension hear that it closed, and it opens another
  const drop = () => {
    if (!open()) return;
    const dead = socket;
    dead.dispatchEvent(new CloseEvent('close', { code: 1006 }));
    // its own close may come yet, and would open a second one
    dead.addEventListener('close', (event) => event.stopImmediatePropagation(), { capture: true });
    dead.close();
  };

  chat.addEventListener('htmx:ws:before:connection', ({ detail: { connection } }) => {
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('after', head());
    url.searchParams.set('user', chat.dataset.user); // the cookie may be somebody else's by now
    if (before) url.searchParams.set('returning', 'true');
    connection.url = url.href;
  });
  chat.addEventListener('htmx:ws:after:connection', ({ detail: { connection } }) => {
    socket = connection.socket;
    before = true;
    heard = Date.now();
    if (!refusals) tell(); // else the first frame says that this socket is accepted
    for (const item of outbox) { item.sent = 0; item.again = true; }
    resend();
  });
  chat.addEventListener('htmx:ws:close', ({ detail: { code, connection } }) => {
    if (code === 1000) return; // this page is going away
    if (code === 1013) {
      // the extension starts over with every handshake that is accepted, and this one always is: it has to wait longer
      connection.attempt = refusals++;
      return tell('You have too many tabs with the chat open. Close one; this one then connects by itself.');
    }
    if (code !== 1008) return tell('Connection lost. Reconnecting…');
    const login = document.createElement('a');
    login.href = chat.dataset.login;
    login.textContent = 'Log in again';
    tell('You are signed out. What you typed is kept. ', login);
    socket = null;
  });

  // ---- sending ----
  form.addEventListener('htmx:ws:before:message:outgoing', (event) => {
    const { values } = event.detail.message, message = values.message.trim();
    // the server counts characters, too; but a frame far too long it does not even read
    const length = Array.from(message).length;
    if (!message || length > 4000) {
      refuse(message ? `A message has at most 4000 characters; this one has ${length}. Split it in two.` : 'Write something first.');
      event.preventDefault();
      return;
    }
    values.clientID = fresh();
    const now = open() && outbox.every((one) => one.sent);
    outbox.push({ clientID: values.clientID, message, sent: now ? Date.now() : 0, again: !now });
    show();
    input.value = '';
    draft();
    refuse('');
    scroller.scrollTop = 0;
    if (!now) event.preventDefault(); // it goes out from the outbox, after what is there already
  });
  chat.addEventListener('htmx:ws:before:message:incoming', (event) => {
    heard = Date.now();
    if (refusals) { refusals = 0; tell(); }
    const { data } = event.detail.message;
    if (!data.startsWith('{')) return;
    event.preventDefault();
    const { clientID, error, status, retryAfter, reload, pending } = JSON.parse(data);
    if (reload) return location.reload(); // too much was missed to put it in one by one
    if (pending) return; // the database is slow, the connection is not: the answer will come
    const item = outbox.find((one) => one.clientID === clientID);
    // the server cannot tell whether it has the message, or did not look: under the same id it is safe to ask again
    if (item && (status >= 500 || (status === 429 && item.again))) {
      item.sent = 0;
      item.again = true;
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
    draft();
  });

  // ---- connections that die without a word ----
  const TICK = 5000;
  let last = Date.now(), hidden = false;
  setInterval(() => {
    // a browser runs the timers of a hidden tab once a minute, which is no sleep
    const now = Date.now(), slept = now - last > (hidden ? 90000 : 4 * TICK), oldest = outbox[0]?.sent;
    last = now;
    hidden = document.hidden;
    // while a message waits the server says so every 3 s; what is heard of others counts as well
    if (slept || (oldest && now - Math.max(oldest, heard) > 2 * TICK)) drop();
  }, TICK);
  addEventListener('online', drop);
  addEventListener('offline', () => tell('You are offline. What you write is sent when you are back.'));
})();
