// What all scripts of a page with the sidebar use. build.rs makes one script of htmx and all of
// these; each adds one member to `natter` and uses those before it.
const natter = (() => {
  'use strict';
  const { dataset } = document.body;
  const $ = (id) => document.getElementById(id);
  const storageKey = (name) => `natter.${name}.${dataset.user}`;
  // What the tabs keep is the user's own: a logout wipes it in each of them. An expired session leaves it.
  let isWiped = false; // what comes until the page is left is not kept
  const wipe = () => { isWiped = true; try { sessionStorage.clear(); } catch { /* off */ } };
  // of a page without a script: the server keeps the time of the last one (features/auth/logout.rs)
  const left = document.cookie.match(/natter-logout=(\d+)/)?.[1];
  try {
    if (left && sessionStorage.logout !== left) {
      sessionStorage.clear();
      sessionStorage.logout = left;
    }
  } catch { /* off */ }
  const logouts = new BroadcastChannel(storageKey('logout'));
  let isLoggedOut = false; // in another tab
  logouts.addEventListener('message', () => {
    wipe();
    isLoggedOut = true;
  });
  document.addEventListener('submit', ({ target }) => {
    if (!target.matches('[action$="/logout"]')) return;
    wipe();
    logouts.postMessage('');
  });
  return {
    $,
    isLoggedOut: () => isLoggedOut,
    // the tag of the viewer's key, as in data-author
    me: dataset.me,
    words: JSON.parse(dataset.words), // render/script_words.rs
    // `pattern` with its {names} replaced by `values`
    fill: (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]),
    // the part of the page that shows a room, or something else; another one takes its place when the room changes
    room: () => $('room'),
    // the id of the room that is shown, if it is one
    here: () => $('room').dataset.room,
    // A pane is a log with its message box: the page of a room or of a thread, or a thread in the panel beside the room; a
    // direct conversation that has not begun has no log.
    // The parts of each have the same classes.
    panes: () => document.querySelectorAll('.pane'),
    paneOf: (part) => part.closest('.pane'),
    within: (pane, name) => pane?.querySelector(`.${name}`),
    logs: () => document.querySelectorAll('.log'),
    logOf: (pane) => pane?.querySelector('.log'),
    // Of this tab; it survives a reload. Storage can be turned off.
    load: (name) => { try { return JSON.parse(sessionStorage.getItem(storageKey(name))); } catch { return null; } },
    save: (name, value) => { try { if (!isWiped) sessionStorage.setItem(storageKey(name), JSON.stringify(value)); } catch { /* off */ } },
    // The HTML of an address; empty if it does not come, or only after a redirect: that is to the login.
    get: async (address) => {
      const response = await fetch(address).catch(() => null);
      return response?.ok && !response.redirected ? response.text().catch(() => '') : '';
    },
    parse: (html) => document.createRange().createContextualFragment(html),
    parsePage: (html) => new DOMParser().parseFromString(html, 'text/html'),
    isCoarse: matchMedia('(pointer: coarse)'),
    // Puts what is for pages with a script only into the page: a text browser would show the content of a <template>.
    reveal: () => {
      for (const hidden of document.querySelectorAll('.by-script')) hidden.replaceWith(natter.parse(hidden.text));
    },
    socket: null,
    isOpen: () => natter.socket?.readyState === WebSocket.OPEN,
    // Whether the frame was sent. It may be lost with the connection.
    send: (frame) => {
      if (!natter.isOpen()) return false;
      natter.socket.send(JSON.stringify(frame));
      return true;
    },
  };
})();
