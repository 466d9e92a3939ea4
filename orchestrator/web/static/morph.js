// Makes one element like another without touching what is the same: focus, selection and open details stay.

const key = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || null : null);

const OURS = new Set(["open", "data-marked"]); // what a person has done to an element

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OURS.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

export function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  attributes(old, fresh);
  const keyed = new Map([...old.children].filter(key).map((one) => [key(one), one]));
  let here = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const name = key(wanted);
    const known = name ? keyed.get(name) : here && !key(here) ? here : null;
    if (known && known.nodeName === wanted.nodeName) {
      if (known === here) here = here.nextSibling;
      else old.insertBefore(known, here);
      morph(known, wanted);
    } else {
      old.insertBefore(document.importNode(wanted, true), here);
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}
