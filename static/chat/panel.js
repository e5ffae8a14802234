// The panel beside the room: a thread, the members or the pinned messages. A narrow window shows them as pages.
natter.panel = (() => {
  'use strict';
  const { $, box, completion, composer, here, isCoarse, list, load, logOf, outbox, parsePage, room, save, tools, view, within, words } = natter;
  const isWide = matchMedia('(min-width: 70rem)');
  const PAGES = /^\/rooms\/([^/]+)\/(?:threads\/\d+|members|pins)$/;
  const RENEW_PAUSE = 1000, RETRY = 5000; // ms
  let opener = null; // had the focus
  let turn = 0;

  const addressOf = () => $('panel')?.dataset.address;
  const isFor = ({ origin, pathname }) => isWide.matches && origin === location.origin && !room().dataset.thread
    && !!logOf(room()) && PAGES.exec(pathname)?.[1] === here();

  // Makes a page's #room the panel. Its ids are those of the room's own page: they get a prefix.
  const panelOf = (fresh, address) => {
    const panel = view.element('aside', ...fresh.childNodes), heading = panel.querySelector('h1');
    Object.assign(panel, { id: 'panel', className: fresh.className, tabIndex: -1, ariaLabel: heading.textContent });
    Object.assign(panel.dataset, fresh.dataset, { address });
    for (const name of ['id', 'for', 'aria-describedby']) {
      for (const part of panel.querySelectorAll(`[${name}]`)) part.setAttribute(name, part.getAttribute(name).replace(/\S+/g, 'panel-$&'));
    }
    for (const part of panel.querySelectorAll('[autofocus]')) part.autofocus = false;
    heading.replaceWith(view.element('h2', ...heading.childNodes));
    const close = within(room(), 'context').lastElementChild.cloneNode(true); // the same cross
    Object.assign(close, { ariaLabel: words.close, title: words.close, className: 'icon-button close' });
    panel.querySelector('.head > a')?.remove();
    panel.querySelector('.head').append(close);
    return panel;
  };
  const show = (fresh, address) => {
    const old = $('panel'), isSame = old?.dataset.address === address, next = panelOf(fresh, address);
    const hadFocus = old?.contains(document.activeElement), { scrollTop = 0 } = old ?? {};
    if (old) tools.leave(old);
    if (old) old.replaceWith(next); else room().after(next);
    htmx.process(next);
    list.open(next);
    save('panel', address);
    if (next.matches('.pane')) {
      const input = within(next, 'box');
      box.enter(input);
      completion.enter(input);
      composer.enter(next, isSame ? old : null);
      outbox.show();
      // changes since the panel was read come again, for both lists
      if (+next.dataset.head < +room().dataset.head) {
        room().dataset.head = next.dataset.head;
        natter.rooms.move();
      }
    }
    if (isSame) next.scrollTop = scrollTop;
    if (hadFocus) focus();
  };
  const focus = () => {
    const input = !isCoarse.matches && within($('panel'), 'box');
    (input || $('panel')).focus({ preventScroll: true });
  };

  const close = () => {
    const old = $('panel');
    turn++;
    save('panel', null);
    if (!old) return;
    const hadFocus = old.contains(document.activeElement);
    tools.leave(old);
    old.remove();
    if (hadFocus) (opener?.checkVisibility() ? opener : box.last())?.focus({ preventScroll: true });
  };
  // `isRestored`: the reader has not asked for it.
  const fetchPage = async (address, isRestored) => {
    const own = ++turn, page = await natter.rooms.read(address);
    if (own !== turn) return;
    if (page?.fresh) {
      show(page.fresh, address);
      if (!isRestored) focus();
    } else if (isRestored) {
      close();
    } else {
      natter.rooms.go(address);
    }
  };
  // Opens the address of a thread or a list, in the panel if it can be there.
  const open = (address) => {
    const url = new URL(address, location.href);
    if (!isFor(url)) return natter.rooms.go(address);
    if (!$('panel')?.contains(document.activeElement)) opener = document.activeElement;
    return fetchPage(url.pathname + url.search);
  };

  document.addEventListener('click', (event) => {
    const { target, button, ctrlKey, metaKey, shiftKey } = event;
    if (target.closest('#panel .close')) return close();
    const link = target.closest('#room a, #panel a');
    if (!link || event.defaultPrevented || button || ctrlKey || metaKey || shiftKey || !isFor(new URL(link.href))) return;
    event.preventDefault();
    // the buttons in the head of the room close what they have opened
    if (link.closest('.tools') && link.pathname === addressOf()) close(); else open(link.href);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.shiftKey || event.defaultPrevented || !event.target.closest?.('#panel')) return;
    if (event.target.matches('.log > li')) return; // leads to the message box
    event.preventDefault();
    close();
  });
  // The forms of the members' page, whose answer is that page again.
  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('#panel form:not(.send)'), address = addressOf();
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const response = await fetch(form.action, { method: 'POST', body }).catch(() => null);
    const text = await response?.text().catch(() => null);
    if (addressOf() !== address) return;
    const fresh = text && parsePage(text).getElementById('room');
    const { pathname, search } = new URL(response?.url ?? address, location.href);
    if (!fresh) natter.rooms.go(address);
    else if (!response.ok) show(fresh, address);
    else if (isFor({ origin: location.origin, pathname })) show(fresh, pathname + search);
    else natter.rooms.go(pathname);
  });
  isWide.addEventListener('change', () => {
    const address = addressOf();
    if (isWide.matches || !address) return;
    close();
    natter.rooms.go(address);
  });

  const refetch = async () => {
    const address = addressOf(), page = address && await natter.rooms.read(address);
    if (!address || addressOf() !== address) return;
    if (page?.fresh) show(page.fresh, address); else setTimeout(refetch, RETRY);
  };

  // ---- a list has no socket: it is read again when a change may concern it ----
  const isTyped = (panel) => [...panel.querySelectorAll('input:not([type=hidden])')].some(({ value }) => value);
  let renewTimer = null;
  const renew = async () => {
    renewTimer = null;
    const panel = $('panel'), page = panel && await natter.rooms.read(addressOf());
    if (page?.fresh && panel === $('panel') && !isTyped(panel)) show(page.fresh, addressOf());
  };
  // `items`: the fragments of a frame; `added`: the new messages among them.
  const changed = (items, added) => {
    if (!$('panel')?.matches('.page')) return;
    const concerns = /\/members(\?|$)/.test(addressOf()) ? (item) => item.matches('.notice')
      : (item) => 'rev' in item.dataset && !item.matches('data') && !added.includes(item);
    if (items.some(concerns)) renewTimer ??= setTimeout(renew, RENEW_PAUSE);
  };

  return {
    open,
    changed,
    // Another page is in the document. The panel belongs to a room, and comes back with a reload.
    enter: () => {
      const address = addressOf() ?? load('panel'), isOfRoom = address && isFor(new URL(address, location.href));
      if (!isOfRoom) close();
      else if (!$('panel')) queueMicrotask(() => fetchPage(address, true)); // when all scripts have run
    },
    // Changes were missed.
    refetch,
  };
})();
