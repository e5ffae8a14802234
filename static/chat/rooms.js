// Changing rooms: another #room takes the place of the present one. The sidebar, the drafts and the connection stay.
natter.rooms = (() => {
  'use strict';
  const { $, box, completion, composer, emoji, here, isCoarse, list, logOf, marks, outbox, panel, paneOf, parsePage, room, send, sidebar, tools, typing, words } = natter;
  const { body } = document;

  // remove the token from the address and from the history
  if (location.search.includes('jwt=')) history.replaceState(history.state, '', `/rooms/${here()}`);
  // a page restored from the back/forward cache has a closed socket and an old log
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

  let isMoving = false; // until the server answers a move, frames are of the subscription before
  let isBehind = false; // until the room is fetched anew, changes are missing before those that come
  const showStatus = (...content) => {
    $('status')?.replaceChildren(...content);
    if ($('status')) $('status').hidden = !content.length;
  };

  // The subscription follows the page.
  const move = () => {
    if (here()) isMoving = send({ room: here(), after: +room().dataset.head });
    else send({ room: null, after: null });
  };
  // `old`: the #room that the new one replaces, if that was the same room's. `isRefetched`: the reader did not open it.
  const enter = (old, isRefetched) => {
    if (!isRefetched) $('alert').replaceChildren(); // of a request before
    list.enter();
    sidebar.enter();
    marks.enter(isRefetched);
    tools.enter();
    emoji.close();
    completion.close();
    isBehind = false;
    if ($('message')) box.enter($('message'));
    panel.enter();
    if (!here()) return;
    completion.enter($('message'));
    composer.enter(room(), old);
    typing.enter();
    outbox.enter();
    if (isStarted && !old) focusBox();
  };
  let isStarted = false;
  const focusBox = () => { ($('target') ?? (isCoarse.matches ? null : $('message')))?.focus({ preventScroll: true }); };
  let shown = room(), refetched = null;
  // before the new page is painted
  new MutationObserver(() => {
    if (!room() || room() === shown) return;
    const isSame = here() && here() === shown.dataset.room && room().dataset.thread === shown.dataset.thread, status = shown.querySelector('#status');
    if (status) showStatus(...status.childNodes);
    enter(isSame ? shown : null, isSame && room() === refetched);
    shown = room();
    closeDrawer();
    move();
  }).observe(body, { childList: true });

  document.addEventListener('htmx:before:swap', ({ detail: { tasks } }) => {
    for (const { fragment } of tasks) {
      if (fragment.querySelector('#room')) marks.leave();
      // on pages without a script they take the focus by themselves
      for (const row of fragment.querySelectorAll('#new, #target')) row.removeAttribute('autofocus');
    }
  });

  // ---- history: only #room is restored ----
  const read = async (address) => {
    const response = await fetch(address).catch(() => null);
    const text = response?.ok && await response.text().catch(() => null);
    const page = text && parsePage(text);
    return page && { title: page.title, fresh: page.getElementById('room') };
  };
  const show = (fresh) => {
    marks.leave();
    room().replaceWith(fresh);
    htmx.process(fresh);
  };
  // an address that answers an error is not the page's: the room stays, and says why
  document.addEventListener('htmx:before:history:update', (event) => {
    if (event.detail.response?.status >= 400) event.preventDefault();
  });
  document.addEventListener('htmx:before:history:restore', async (event) => {
    event.preventDefault();
    const { href } = location, page = await read(href);
    if (location.href !== href) return; // the reader has gone on
    if (!page?.fresh) return location.reload();
    document.title = page.title;
    show(page.fresh);
  });

  // Another page of the chat, as the links of the sidebar lead to it.
  const go = (address) => htmx.ajax('GET', address, { target: '#room', select: '#room', swap: 'outerHTML', push: 'true' });
  // A link to a message leads to its row, if the row is loaded; else it, as the other links of a row, to its page.
  const ROW_LINKS = '.messages :is(a.at, a.text, .replies, blockquote a, .place a), #row-tools a, #row-menu a, #row-emoji a, .head a, #panel a';
  document.addEventListener('click', (event) => {
    const link = event.target.closest(ROW_LINKS);
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { pathname, search, hash, origin } = new URL(link.href);
    if (origin !== location.origin || !link.closest('#room, #panel')) return;
    event.preventDefault();
    const seq = pathname.match(/^\/rooms\/[^/]+\/(\d+)$/)?.[1];
    const list = link.closest('.log') ?? $('messages'), isNear = link.closest('blockquote, #panel .messages');
    const row = seq && isNear && [list, $('messages')].map((one) => one?.querySelector(`:scope > [data-seq="${seq}"]:not([hidden])`)).find(Boolean);
    if (!row) return go(`${pathname}${search}${hash}`);
    row.scrollIntoView({ block: 'center' });
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
  });

  // ---- too much was missed to be sent one by one. All pages learn that at once: they spread their requests ----
  const SPREAD = 5000, PAUSE = 30000; // ms
  // what was typed into the forms of a message stays
  const isFilled = () => [...document.querySelectorAll('#room .forms :is(textarea, input)')]
    .some(({ value, defaultValue }) => value !== defaultValue);
  let refetchTimer = null, refetchedAt = -PAUSE;
  const refetch = async (address = location.href) => {
    clearTimeout(refetchTimer);
    refetchTimer = null;
    refetchedAt = performance.now();
    const old = room();
    const page = await read(address);
    if (room() !== old) return; // another room has come since
    if (!page?.fresh) return refetchLater();
    const hadFocus = document.activeElement === $('message');
    refetched = page.fresh;
    show(refetched);
    if (hadFocus) $('message').focus({ preventScroll: true });
    panel.refetch();
  };
  const refetchLater = () => {
    const wait = Math.max(Math.random() * SPREAD, refetchedAt + PAUSE - performance.now());
    refetchTimer ??= setTimeout(() => {
      if (!isFilled()) return refetch();
      [refetchTimer, refetchedAt] = [null, performance.now()];
      refetchLater();
    }, wait);
  };

  // ---- no socket sends the changes of the pages of mentions, saved messages and pins: they are read again ----
  const RENEW = 60000; // ms
  const contents = (page) => [...page.querySelectorAll('.messages > [data-seq]')]
    .map(({ dataset: { room: id, seq, rev } }) => [id, seq, rev]).join(' ');
  const renew = async () => {
    const old = room();
    if (document.hidden || !old.matches('.page') || !old.querySelector('.messages')) return;
    const page = await read(location.href);
    if (room() !== old || !page?.fresh || contents(page.fresh) === contents(old)) return;
    const { scrollTop } = old, focused = document.activeElement.closest('.messages > [data-seq]')?.dataset;
    show(page.fresh);
    page.fresh.scrollTop = scrollTop;
    const row = focused && page.fresh.querySelector(`[data-room="${CSS.escape(focused.room)}"][data-seq="${focused.seq}"]`);
    row?.querySelector('.at')?.focus({ preventScroll: true });
  };
  setInterval(renew, RENEW);
  document.addEventListener('visibilitychange', renew);

  const toEnd = async (pane) => {
    const { room: id, thread } = pane.dataset;
    list.toEnd(logOf(pane)); // what is on its way is there, even if the end is not loaded and does not come
    if (list.holdsEnd(logOf(pane))) return;
    if (pane !== room()) return panel.open(`/rooms/${id}/threads/${thread}`);
    await refetch(thread ? `/rooms/${id}/threads/${thread}` : `/rooms/${id}?before=${Number.MAX_SAFE_INTEGER}`);
    if (here() === id) list.toEnd(logOf(room()));
  };
  document.addEventListener('click', ({ target }) => { if (target.closest('.newer')) toEnd(paneOf(target)); });

  // ---- the drawer of a narrow window ----
  const closeDrawer = () => {
    if (!$('sidebar').classList.contains('is-open')) return;
    $('sidebar').classList.remove('is-open');
    $('menu').ariaExpanded = 'false';
  };
  document.addEventListener('click', (event) => {
    if (event.target.closest('#menu')) {
      event.preventDefault();
      const isOpen = $('sidebar').classList.toggle('is-open');
      $('menu').ariaExpanded = String(isOpen);
      if (isOpen) $('sidebar').querySelector('[aria-current], .scroll a').focus();
    } else if (!event.target.closest('#sidebar')) {
      closeDrawer();
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.shiftKey || !$('sidebar').classList.contains('is-open')) return;
    closeDrawer();
    $('menu').focus();
  });

  enter();
  isStarted = true;
  requestAnimationFrame(focusBox); // a focus before that of the page's own autofocus is a warning in the console

  return {
    go,
    move,
    read,
    open: (id) => { sidebar.itemOf(id)?.querySelector('a').click(); },
    gone: () => {
      list.leaveBox();
      room().dataset.gone = '';
      showStatus(words.gone);
    },
    refetch: () => { isBehind = true; refetchLater(); },
    moved: () => { isMoving = false; },
    showStatus,
    state: () => ({ isMoving, isBehind }),
    toEnd,
  };
})();
