/* Shows a picture in place of the link that stands for it, once someone clicks on it (`images = "ask"`).
   Optional: without it the link opens the picture. */

"use strict";

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.picture");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const image = document.createElement("img");
  image.referrerPolicy = "no-referrer";
  image.alt = link.firstChild.textContent.trim();
  image.tabIndex = -1;
  image.addEventListener("load", () => image.focus({ preventScroll: true }));
  image.addEventListener("error", () => image.replaceWith(link)); // gone: the link is what there is
  image.src = link.href;
  link.replaceWith(image);
});
