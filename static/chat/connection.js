// The connection: continues after the last change, and notices when it has died.
(() => {
  'use strict';
  const { composer, here, list, marks, outbox, paneOf, room, rooms, sidebar, typing, view, words } = natter;
  const { body } = document;
  const { showStatus } = rooms;

  // ---- opening and closing ----
  let connectedBefore = false, refusals = 0; // refusals: closes for too many sockets in a row
  let lastFrameAt = 0, isSignedOut = false;
  // for a connection that died without a close: the extension sees a close event and opens another
  const drop = () => {
    if (!natter.isOpen()) return;
    const dead = natter.socket;
    dead.dispatchEvent(new CloseEvent('close', { code: 1006 }));
    // a late close event of its own would open a second one
    dead.addEventListener('close', (event) => event.stopImmediatePropagation(), { capture: true });
    dead.close();
  };
  body.addEventListener('htmx:ws:before:connection', ({ detail: { connection } }) => {
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('room', here() ?? '');
    if (here()) url.searchParams.set('after', room().dataset.head);
    url.searchParams.set('user', body.dataset.user); // the cookie may belong to another user by now
    if (connectedBefore) url.searchParams.set('returning', 'true');
    connection.url = url.href;
    rooms.moved();
  });
  body.addEventListener('htmx:ws:after:connection', ({ detail: { connection } }) => {
    natter.socket = connection.socket;
    connectedBefore = true;
    lastFrameAt = Date.now();
    if (!refusals) showStatus(); // after a refusal the first frame shows that this socket is accepted
    const asked = new URL(connection.url).searchParams;
    // another room has come since
    if (asked.get('room') !== (here() ?? '') || asked.get('after') !== (room().dataset.head ?? null)) rooms.move();
    outbox.restart();
    marks.reconnect();
    if (isIdle) natter.send({ idle: true });
  });
  body.addEventListener('htmx:ws:close', ({ detail: { code, connection } }) => {
    if (code === 1000) return; // this page is going away
    if (code === 1013) {
      // the extension resets its delay after each handshake, and this handshake succeeds: set the attempt by hand
      connection.attempt = refusals++;
      return showStatus(words.tooManyTabs);
    }
    if (code !== 1008) return showStatus(words.lost);
    if (natter.isLoggedOut()) return location.reload(); // what is typed here goes, too
    isSignedOut = true;
    const login = view.element('a', words.logInAgain);
    login.href = location.pathname; // leads to the login, and back
    showStatus(`${words.signedOut} `, login);
    natter.socket = null;
  });

  // ---- frames ----
  htmx.registerExtension('natter-log', {
    handle_swap: (style, target, fragment) => {
      if (style !== 'log') return false;
      const added = list.swap(fragment, rooms.state());
      outbox.claim(added);
      typing.wrote(added);
      marks.look();
      return added;
    },
  });
  body.addEventListener('submit', (event) => {
    const pane = isSignedOut && paneOf(event.target);
    if (!pane) return;
    event.preventDefault();
    event.stopPropagation();
    composer.refuse(pane, words.signedOut);
  }, { capture: true });
  body.addEventListener('htmx:ws:before:message:outgoing', (event) => {
    const pane = paneOf(event.target);
    if (!composer.submit(pane, event.detail.message.values)) event.preventDefault();
    else rooms.toEnd(pane);
  });
  // frames about the room that the page shows
  const receiveHere = (frame) => {
    if (frame.typing) typing.receive(frame.typing);
    else if (frame.refetch) rooms.refetch();
    else if (frame.gone) rooms.gone();
    else rooms.moved();
  };
  body.addEventListener('htmx:ws:before:message:incoming', (event) => {
    lastFrameAt = Date.now();
    if (refusals) { refusals = 0; showStatus(); }
    const { data } = event.detail.message;
    if (!data.startsWith('{')) return;
    event.preventDefault();
    const frame = JSON.parse(data);
    if (frame.reload) return location.reload(); // of an earlier release, or ahead of the log
    if (frame.pending) return; // the database is slow; the reply will follow
    if (frame.rooms || frame.news || frame.presence) return sidebar.receive(frame);
    if (frame.renamed) return list.rename(frame.renamed);
    if (frame.own) return list.ownReactions(frame);
    if (frame.typing || frame.refetch || frame.gone || 'after' in frame) {
      if (frame.room === here()) receiveHere(frame);
      return;
    }
    // a message that has to be confirmed, and a command, go back into their form
    const reason = frame.error?.fields?.message ?? frame.error?.message, asks = !!frame.error?.fields?.confirmed;
    const refused = outbox.receive(frame, asks ? '' : reason);
    if (refused) composer.takeBack(refused, reason, asks);
    if (frame.go) rooms.go(frame.go);
  });

  // ---- presence ----
  const IDLE_AFTER = 10 * 60 * 1000; // ms
  let isIdle = false, idleTimer = null;
  const setIdle = (now) => {
    if (isIdle !== now) natter.send({ idle: now });
    isIdle = now;
  };
  const active = () => {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(setIdle, IDLE_AFTER, true);
    setIdle(false);
  };
  for (const name of ['keydown', 'pointermove', 'pointerdown', 'wheel', 'focus']) addEventListener(name, active, { passive: true });
  active();

  // ---- connections that die without a close ----
  const TICK = 5000;
  let last = Date.now(), hidden = false;
  setInterval(() => {
    // a browser runs the timers of a hidden tab once a minute; only a longer gap means that the machine slept
    const now = Date.now(), slept = now - last > (hidden ? 90000 : 4 * TICK), oldest = outbox.waitingSince();
    last = now;
    hidden = document.hidden;
    // the server sends a pending frame every 3 s while a message waits; any other frame counts as well
    if (slept || (oldest && now - Math.max(oldest, lastFrameAt) > 2 * TICK)) drop();
  }, TICK);
  addEventListener('online', drop);
  addEventListener('offline', () => showStatus(words.offline));
})();
