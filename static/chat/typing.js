// Who is typing.
natter.typing = (() => {
  'use strict';
  const { $, fill, here, me, words } = natter;
  const SENT = 1500; // ms between two frames
  const SHOWN = 5000; // ms
  const typists = new Map(); // by tag: {name, until}
  let sent = 0, expiry;
  const show = () => {
    const now = Date.now();
    clearTimeout(expiry);
    for (const [key, { until }] of typists) if (until <= now) typists.delete(key);
    const [name, other] = Array.from(typists.values(), (typist) => typist.name);
    const [one, two, several] = words.typing;
    // a page that is no room has none
    $('typing')?.replaceChildren(name ? fill([one, two][typists.size - 1] ?? several, { name, other }) : '');
    if (name) expiry = setTimeout(show, Math.min(...Array.from(typists.values(), ({ until }) => until)) - now);
  };

  return {
    // another room is in the document
    enter: () => {
      typists.clear();
      show();
      sent = 0;
    },
    receive: ({ key, name }) => {
      if (key === me) return;
      typists.set(key, { name, until: Date.now() + SHOWN });
      show();
    },
    // an author's message ends the typing
    wrote: (rows) => {
      const known = rows.filter((row) => typists.delete(row.dataset.author));
      if (known.length) show();
    },
    report: (text) => {
      if (!text.trim() || Date.now() - sent < SENT) return;
      if (natter.send({ room: here(), typing: true })) sent = Date.now();
    },
  };
})();
