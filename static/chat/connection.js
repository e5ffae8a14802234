// The connection: continues after the last change, moves to another room, and notices when it has died.
(() => {
  'use strict';
  const { $, composer, list, outbox, room, view, words } = natter;
  const { body } = document;

  // remove the token from the address and from the history
  if (location.search.includes('jwt=')) history.replaceState(null, '', '/');
  // a page restored from the back/forward cache has a closed socket and an old log
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

  list.enter();
  if (!body.hasAttribute('hx-ws:connect')) return; // an older part of the log has no connection

  const showStatus = (...content) => {
    $('status').replaceChildren(...content);
    $('status').hidden = !content.length;
  };

  // ---- rooms ----
  let shown = room(), input = $('message');
  let isMoving = false; // until the server answers a move, frames are of the subscription before
  let isBehind = false; // until the room is fetched anew, changes are missing before those that come
  const enter = (before) => {
    composer.enter(before);
    outbox.enter();
    isBehind = false;
  };
  const move = () => {
    const { room: id, head } = room().dataset;
    isMoving = natter.send({ room: id, after: +head });
  };
  // before the new room is painted
  new MutationObserver(() => {
    if (!room() || room() === shown) return;
    const isSame = room().dataset.room === shown.dataset.room, status = shown.querySelector('#status');
    showStatus(...status.childNodes);
    list.enter();
    enter(isSame ? input : null);
    [shown, input] = [room(), $('message')];
    move();
  }).observe(body, { childList: true });
  enter();

  // Too much was missed to be sent one by one. All pages learn that at once: they spread their requests.
  const SPREAD = 5000, PAUSE = 30000; // ms
  let refetchTimer = null, refetchedAt = -PAUSE;
  const refetch = async () => {
    clearTimeout(refetchTimer);
    refetchTimer = null;
    refetchedAt = performance.now();
    const old = room();
    const response = await fetch(location.href).catch(() => null);
    const text = response?.ok && await response.text().catch(() => null);
    const fresh = text && new DOMParser().parseFromString(text, 'text/html').getElementById('room');
    if (room() !== old) return; // another room has come since
    if (!fresh) return refetchLater();
    const hadFocus = document.activeElement === input;
    old.replaceWith(fresh);
    htmx.process(fresh);
    if (hadFocus) $('message').focus();
  };
  const refetchLater = () => {
    const wait = Math.max(Math.random() * SPREAD, refetchedAt + PAUSE - performance.now());
    refetchTimer ??= setTimeout(refetch, wait);
  };
  const toEnd = () => {
    if (list.holdsEnd()) list.toEnd();
    else refetch();
  };
  document.addEventListener('click', ({ target }) => { if (target.closest('#newer')) toEnd(); });

  // ---- opening and closing ----
  let connectedBefore = false, refusals = 0; // refusals: closes for too many sockets in a row
  let lastFrameAt = 0;
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
    url.searchParams.set('room', room().dataset.room);
    url.searchParams.set('after', room().dataset.head);
    url.searchParams.set('user', body.dataset.user); // the cookie may belong to another user by now
    if (connectedBefore) url.searchParams.set('returning', 'true');
    connection.url = url.href;
    isMoving = false;
  });
  body.addEventListener('htmx:ws:after:connection', ({ detail: { connection } }) => {
    natter.socket = connection.socket;
    connectedBefore = true;
    lastFrameAt = Date.now();
    if (!refusals) showStatus(); // after a refusal the first frame shows that this socket is accepted
    const asked = new URL(connection.url).searchParams, { room: id, head } = room().dataset;
    if (asked.get('room') !== id || asked.get('after') !== head) move(); // another room has come since
    outbox.restart();
  });
  body.addEventListener('htmx:ws:close', ({ detail: { code, connection } }) => {
    if (code === 1000) return; // this page is going away
    if (code === 1013) {
      // the extension resets its delay after each handshake, and this handshake succeeds: set the attempt by hand
      connection.attempt = refusals++;
      return showStatus(words.tooManyTabs);
    }
    if (code !== 1008) return showStatus(words.lost);
    const login = view.element('a', words.logInAgain);
    login.href = body.dataset.login;
    showStatus(`${words.signedOut} `, login);
    natter.socket = null;
  });

  // ---- frames ----
  htmx.registerExtension('natter-log', {
    handle_swap: (style, target, fragment) => {
      if (style !== 'log') return false;
      const added = list.swap(fragment, { isMoving, isBehind });
      outbox.claim(added);
      composer.wrote(added);
      return added;
    },
  });
  body.addEventListener('htmx:ws:before:message:outgoing', (event) => {
    if (!composer.submit(event.detail.message.values)) event.preventDefault();
    else toEnd();
  });
  body.addEventListener('htmx:ws:before:message:incoming', (event) => {
    lastFrameAt = Date.now();
    if (refusals) { refusals = 0; showStatus(); }
    const { data } = event.detail.message;
    if (!data.startsWith('{')) return;
    event.preventDefault();
    const frame = JSON.parse(data), isHere = frame.room === room().dataset.room;
    if (frame.pending) return; // the database is slow; the reply will follow
    if (frame.renamed) return list.rename(frame.renamed);
    if (frame.typing) { if (isHere) composer.types(frame.typing); return; }
    if (frame.refetch) { if (isHere) { isBehind = true; refetchLater(); } return; }
    if (frame.gone) { if (isHere) showStatus(words.gone); return; }
    if ('after' in frame) { if (isHere) isMoving = false; return; }
    const refused = outbox.receive(frame);
    if (refused) composer.takeBack(refused, frame.error.fields?.message ?? frame.error.message);
  });

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
