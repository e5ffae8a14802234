// Which reactions are the viewer's own. A fragment has only the numbers; who gave or took back one comes as <data> with each
// change, and, to a page that has missed changes, as a frame with all own ones.
natter.reactions = (() => {
  'use strict';
  const { me } = natter;
  // by room, `seq` and emoji: {rev, is}; by room and `seq`: {rev, all}
  const changes = new Map(), states = new Map();

  const note = ({ dataset: { room, of, rev, by, emoji }, value }) => {
    if (by === me) changes.set(`${room}/${of}/${emoji}`, { rev: +rev, is: value === '1' });
  };
  const noteOwn = ({ room, own }) => {
    for (const [seq, rev, emoji] of own) states.set(`${room}/${seq}`, { rev, all: new Set(emoji) });
  };

  // What is known as of the latest change. `shown`: the row that the viewer sees.
  const isOwn = ({ room, seq }, emoji, shown) => {
    const change = changes.get(`${room}/${seq}/${emoji}`), state = states.get(`${room}/${seq}`);
    const chip = shown?.querySelector(`.reactions > [data-emoji="${emoji}"]`);
    const known = [
      { rev: change?.rev ?? -1, is: change?.is },
      { rev: state?.rev ?? -1, is: state?.all.has(emoji) },
      { rev: +(shown?.dataset.rev ?? 0), is: !!chip?.matches('.mine') },
    ];
    return known.reduce((latest, one) => (one.rev > latest.rev ? one : latest)).is;
  };
  // A chip is a link to the message's page; with this script it is a button.
  const show = (chip, is) => {
    chip.classList.toggle('mine', is);
    if (!chip.classList.length) chip.removeAttribute('class');
    const link = chip.firstElementChild;
    link.role = 'button';
    link.ariaPressed = String(is);
  };
  const mark = (item, shown) => {
    for (const chip of item.querySelectorAll('.reactions > li')) show(chip, isOwn(item.dataset, chip.dataset.emoji, shown));
  };
  const markAll = (root) => {
    for (const chip of root.querySelectorAll('.reactions > li')) show(chip, chip.matches('.mine'));
  };

  return { mark, markAll, note, noteOwn };
})();
