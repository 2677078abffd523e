// The cards of videos to try the service with: one click sends one.

import { part } from "./dom.js";

export function exampleCards(cards, onChoose) {
  for (const card of cards) {
    card.addEventListener("click", () => {
      onChoose(card.dataset.example, part(card, "title").textContent);
    });
  }
}
